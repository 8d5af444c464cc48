// adminctl fetch run|test|serve.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "adminctl/context.h"
#include "adminctl/fetch/pull.h"
#include "adminctl/fetch/text.h"
#include "adminctl/fetch/worker.h"
#include "common/base/log.h"
#include "common/legacy/lines.h"
#include "common/metrics/metrics.h"

namespace tayori::admin {
namespace {

constexpr unsigned kWorkerStopSeconds = 24;  // whatever a source does, the process has ended by then
constexpr std::size_t kSourceIdDigitsMax = 19;

struct NamedSource {
    std::string name;
};
using NamedSourcePtr = std::shared_ptr<NamedSource>;

// Those of an address, or the one of that number.
Result<std::vector<std::uint64_t>> sources_named(rpc::FetchClient& client, const std::string& name) {
    if (const auto id = legacy::parse_number(name, kSourceIdDigitsMax)) return std::vector<std::uint64_t>{*id};
    v1::ListFetchSourcesRequest request;
    request.set_address(name);
    std::vector<std::uint64_t> ids;
    auto listed = client.list(request, [&](const v1::FetchSource& source) {
        ids.push_back(source.source_id());
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    if (ids.empty()) return fail(Kind::not_found, cat("Nothing is fetched for ", name, "."));
    return ids;
}

Result<v1::FetchLease> lease_named(rpc::FetchClient& client, std::uint64_t id) {
    v1::LeaseFetchSourceRequest request;
    request.set_source_id(id);
    return client.lease(request);
}

// Renews a lease while it lives.
class LeaseKeeper {
  public:
    LeaseKeeper(rpc::FetchClient& client, const v1::FetchLease& lease) {
        thread_ = std::thread([this, &client, id = lease.lease_id(), every = lease.lease_s() * kMillisPerSecond / 3] {
            v1::RenewFetchLeaseRequest request;
            request.set_lease_id(id);
            while (!over_.wait_for(std::chrono::milliseconds(every))) (void)client.renew(request);
        });
    }
    ~LeaseKeeper() {
        over_.set();
        thread_.join();
    }
    LeaseKeeper(const LeaseKeeper&) = delete;
    LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  private:
    static constexpr std::int64_t kMillisPerSecond = 1000;
    Stop over_;
    std::thread thread_;
};

Result<v1::FetchSource> run_one(Context& context, std::uint64_t id) {
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto imports = context.import_client();
    if (!imports) return fail(std::move(imports.error()));
    auto lease = lease_named(**client, id);
    if (!lease) return fail(std::move(lease.error()));
    context.say(cat("Source ", id, ": ", printable(show_source(lease->settings())), " into ",
                    printable(lease->settings().address())));
    const Stop never;
    v1::FetchReport report;
    report.set_lease_id(lease->lease_id());
    {
        const LeaseKeeper keeper(**client, *lease);
        *report.mutable_outcome() = pull_source(**imports, *lease, never);
    }
    return (*client)->report(report);
}

Result<ExitStatus> run_named(Context& context, const NamedSource& named) {
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto ids = sources_named(**client, named.name);
    if (!ids) return fail(std::move(ids.error()));
    auto status = ExitStatus::ok;
    std::size_t items = 0;
    for (const auto id : *ids) {
        auto source = run_one(context, id);
        if (!source) return fail(std::move(source.error()));
        if (context.json) Context::print(cat(items == 0 ? "[" : ",\n ", to_json(*source)));
        else Context::print(outcome_text(source->last()));
        ++items;
        if (source->failures() > 0) status = ExitStatus::try_again;
        else if (source->last().problem() != v1::FETCH_PROBLEM_UNSPECIFIED && status == ExitStatus::ok)
            status = ExitStatus::refused;
    }
    if (context.json) Context::print("]\n");
    return status;
}

std::string look_json(std::uint64_t id, const SourceLook& look) {
    auto out = cat("{\"source_id\":", id, ",\"folders\":[");
    const char* between = "";
    for (const auto& folder : look.mailbox.folders) {
        append(out, between, "{\"folder\":", json_string(folder.name), ",\"mails\":", folder.mails.size(), "}");
        between = ",";
    }
    return cat(out, "]}");
}

std::string look_text(const SourceLook& look) {
    Table table;
    table.column("FOLDER HERE");
    table.column("MAILS THERE", Align::right);
    for (const auto& folder : look.mailbox.folders) table.row({folder.name, with_commas(folder.mails.size())});
    auto out = table.text();
    for (const auto& line : look.report.lines())
        append(out, printable(legacy::as_text(line, legacy::Language::english)), "\n");
    return out;
}

Result<ExitStatus> test_one(Context& context, rpc::FetchClient& client, std::uint64_t id) {
    auto lease = lease_named(client, id);
    if (!lease) return fail(std::move(lease.error()));
    const Stop never;
    Result<SourceLook> look = fail(Kind::internal, "");
    {
        const LeaseKeeper keeper(client, *lease);
        look = look_at_source(*lease, never);
    }
    v1::FetchReport report;
    report.set_lease_id(lease->lease_id());
    report.set_released(true);
    if (auto released = client.report(report); !released) return fail(std::move(released.error()));
    context.say(cat("Source ", id, ": ", printable(show_source(lease->settings()))));
    if (!look) return fail(std::move(look.error()));
    Context::print(context.json ? cat(look_json(id, *look), "\n") : look_text(*look));
    return ExitStatus::ok;
}

Result<ExitStatus> test_named(Context& context, const NamedSource& named) {
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto ids = sources_named(**client, named.name);
    if (!ids) return fail(std::move(ids.error()));
    for (const auto id : *ids) {
        auto tested = test_one(context, **client, id);
        if (!tested) return tested;
    }
    return ExitStatus::ok;
}

Result<ExitStatus> serve(Context& context) {
    auto settings = context.load_settings();
    if (!settings) return fail(std::move(settings.error()));
    log_setup("fetch", settings->log.level, settings->log.format);
    // Every thread inherits the mask: the signals are for sigwait() alone.
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    auto fetch = context.fetch_client();
    if (!fetch) return fail(std::move(fetch.error()));
    auto imports = context.import_client();
    if (!imports) return fail(std::move(imports.error()));
    Metrics metrics("fetch");
    FetchWorker worker({**fetch, **imports, metrics}, settings->fetch.jobs);
    for (const auto& endpoint : settings->metrics.listen) {
        auto port = metrics.listen(endpoint.to_string());
        if (!port) return fail(std::move(port.error()));
    }
    log_info("ready", {{"jobs", settings->fetch.jobs}});
    int signal = 0;
    ::sigwait(&signals, &signal);
    log_info("stopping", {{"signal", signal}});
    // What has come is on spoold's disk, and what has not stays at its source: to be cut off here loses nothing.
    ::alarm(kWorkerStopSeconds);
    metrics.stop();
    worker.stop();
    log_info("stopped");
    return ExitStatus::ok;
}

}  // namespace

void add_fetch_runs(CLI::App& fetch, Context& context) {
    const auto add = [&](const std::string& name, const std::string& help, auto run) {
        auto named = std::make_shared<NamedSource>();
        auto* made = command(fetch, context, name, help, [&context, named, run] { return run(context, *named); });
        made->add_option("ADDRESS|ID", named->name, "all sources of an account, or one")->required();
    };
    add("run", "fetches now, and says what it did", run_named);
    add("test", "logs in and says what is there; changes nothing", test_named);
    command(fetch, context, "serve", "fetches what is due until SIGTERM; one of the appliance's processes",
            [&context] { return serve(context); });
}

}  // namespace tayori::admin
