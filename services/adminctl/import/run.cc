#include "adminctl/import/run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "common/base/text.h"
#include "common/legacy/tab_fields.h"

namespace tayori::admin {
namespace {

// What one account's run gave is added under the lock.
class Jobs {
  public:
    Jobs(ImportParts& parts, ImportSource& source, RunOutcome& outcome)
        : parts_(parts), source_(source), outcome_(outcome) {}

    Result<void> run(unsigned count) {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < std::max(count, 1U); ++i) threads.emplace_back([this] { work(); });
        for (auto& thread : threads) thread.join();
        if (failed_) return fail(std::move(*failed_));
        return {};
    }

  private:
    void work() {
        auto reader = source_.reader(parts_.message_bytes_max);
        if (!reader) return stop(std::move(reader.error()));
        const auto& accounts = source_.plan().accounts;
        while (!stopped_) {
            const auto at = next_.fetch_add(1);
            if (at >= accounts.size()) return;
            if (accounts[at].address.empty()) continue;  // the reader has said why
            auto done = import_account(parts_, accounts[at], **reader);
            if (!done) return stop(std::move(done.error()));
            const std::lock_guard lock(mutex_);
            ++outcome_.accounts;
            outcome_.created += done->created ? 1 : 0;
            outcome_.imported += done->imported;
            outcome_.known += done->known;
            outcome_.refused += done->refused;
            outcome_.changed += done->changed;
            outcome_.removed += done->removed;
            outcome_.unfinished += done->unfinished ? 1 : 0;
        }
    }
    void stop(Error error) {
        const std::lock_guard lock(mutex_);
        if (!failed_) failed_ = std::move(error);
        stopped_ = true;
    }

    ImportParts& parts_;
    ImportSource& source_;
    RunOutcome& outcome_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> stopped_ = false;
    std::mutex mutex_;
    std::optional<Error> failed_;
};

// An alias may lead to another one: those whose targets do not exist yet are tried again while any succeeds.
Result<void> add_aliases(rpc::ImportClient& client, std::uint64_t import_id, const std::vector<legacy::Alias>& aliases,
                         RunOutcome& outcome) {
    std::vector<const legacy::Alias*> left;
    for (const auto& alias : aliases) left.push_back(&alias);
    std::vector<legacy::ReportLine> lines;
    for (bool any = true; any && !left.empty();) {
        any = false;
        lines.clear();
        std::vector<const legacy::Alias*> again;
        for (const auto* alias : left) {
            v1::AddImportAliasRequest request;
            request.set_import_id(import_id);
            request.set_address(alias->address);
            for (const auto& target : alias->targets) request.add_targets(target);
            auto added = client.add_alias(request);
            if (added) {
                any = true;
                continue;
            }
            if (ends_the_run(added.error())) return fail(std::move(added.error()));
            again.push_back(alias);
            lines.push_back({legacy::Severity::refused, alias->address, {}, 0, "alias-refused", {added.error().text}});
        }
        left = std::move(again);
    }
    outcome.refused += lines.size();
    return keep_report(client, import_id, lines);
}

std::uint64_t counter(const legacy::Plan& plan, const std::string& name) {
    const auto at = plan.counters.find(name);
    return at == plan.counters.end() ? 0 : at->second;
}

Result<v1::Import> find(rpc::ImportClient& client, const std::function<bool(const v1::Import&)>& is) {
    std::optional<v1::Import> found;
    auto listed = client.list_imports({}, [&](const v1::Import& import) {
        if (is(import)) found = import;
        return !found;
    });
    if (!listed) return fail(std::move(listed.error()));
    if (!found) return fail(Kind::not_found, "There is no such import: `adminctl import list` shows them.");
    return std::move(*found);
}

Result<v1::Import> find_source(rpc::ImportClient& client, std::string_view kind, std::string_view origin) {
    return find(client, [kind, shown = legacy::escape_field(origin)](const v1::Import& import) {
        return import.kind() == kind && import.origin() == shown;
    });
}

}  // namespace

Result<v1::Import> find_import(rpc::ImportClient& client, const ImportPlan& plan) {
    return find_source(client, plan.kind, plan.origin);
}

Result<v1::Import> find_import(rpc::ImportClient& client, const ImportSource& source) {
    return find_source(client, source.kind(), source.origin());
}

Result<v1::Import> find_import(rpc::ImportClient& client, std::uint64_t import_id) {
    return find(client, [&](const v1::Import& import) { return import.import_id() == import_id; });
}

Result<RunOutcome> run_import(rpc::ImportClient& client, const ImportPlan& plan, const RunOptions& options) {
    legacy::Report report;
    auto source = FileSource::open(plan, report);
    if (!source) return fail(std::move(source.error()));
    return run_import(client, **source, report, plan.mails, options);
}

Result<RunOutcome> run_import(rpc::ImportClient& client, ImportSource& source, const legacy::Report& noticed,
                              std::uint64_t mails, const RunOptions& options) {
    const auto began = std::chrono::steady_clock::now();
    RunOutcome outcome;
    v1::OpenImportRequest request;
    request.set_kind(std::string(source.kind()));
    request.set_origin(legacy::escape_field(source.origin()));
    request.set_next_message_id(counter(source.plan(), "imap4.cnt"));
    request.set_next_folder_id(counter(source.plan(), "imap4folder.cnt"));
    auto import = client.open_import(request);
    if (!import) return fail(std::move(import.error()));
    outcome.refused = noticed.count(legacy::Severity::refused);
    if (auto kept = keep_report(client, import->import_id(), noticed.lines()); !kept)
        return fail(std::move(kept.error()));

    Progress progress;
    ImportParts parts{.client = client, .progress = progress};
    parts.import_id = import->import_id();
    parts.message_bytes_max = import->message_bytes_max();
    parts.enable_rules = options.enable_rules;
    parts.live = source.is_live();
    parts.follow = options.follow;
    parts.remove = options.remove;
    {
        const ProgressLine line(progress, mails, options.language);
        auto done = Jobs(parts, source, outcome).run(options.jobs);
        if (!done) return fail(std::move(done.error()));
    }
    auto aliases = add_aliases(client, import->import_id(), source.plan().aliases, outcome);
    if (!aliases) return fail(std::move(aliases.error()));
    v1::ImportRequest end;
    end.set_import_id(import->import_id());
    // What is unfinished stays open, and is seen to be.
    auto closed = outcome.unfinished > 0 ? find_import(client, import->import_id()) : client.close_import(end);
    if (!closed) return fail(std::move(closed.error()));
    outcome.import = std::move(*closed);
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return outcome;
}

}  // namespace tayori::admin
