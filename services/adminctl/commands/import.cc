// adminctl import plan|run|verify|undo|report|list|status: the spool of another mail server, brought in as it was.
#include <algorithm>
#include <filesystem>
#include <set>

#include "adminctl/context.h"
#include "adminctl/import/run.h"
#include "adminctl/import/text.h"
#include "adminctl/import/verify.h"
#include "adminctl/import/wire.h"
#include "common/rpc/errors.h"

namespace tayori::admin {
namespace {

struct ImportOptions {
    std::string kind;
    std::string path;
    std::string captures;
    std::string plan_file;
    std::string out = "import.plan";
    std::string language;
    std::string which;
    legacy::SourceOptions source;
    RunOptions run;
    bool tsv = false;
};
using ImportOptionsPtr = std::shared_ptr<ImportOptions>;

// What the site knows of a plan's accounts, if it can be asked.
Result<SiteView> look_at_site(Context& context, const legacy::Plan& plan) {
    SiteView site;
    if (context.spoold.empty() && !context.load_settings()) return site;
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto domains = (*client)->list_domains({});
    if (!domains && domains.error().text == rpc::kUnreachable) return site;
    if (!domains) return fail(std::move(domains.error()));
    site.reached = true;
    std::set<std::string> known;
    for (const auto& domain : domains->domains()) known.insert(domain.name());
    std::set<std::string> missing;
    for (const auto& account : plan.accounts) {
        const auto domain = account.address.substr(account.address.rfind('@') + 1);
        if (!account.address.empty() && !known.contains(domain)) missing.insert(domain);
    }
    site.domains_missing.assign(missing.begin(), missing.end());
    std::set<std::string> there;
    auto listed = (*client)->list_accounts({}, [&](const v1::Account& account) {
        there.insert(account.address());
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    for (const auto& account : plan.accounts)
        if (there.contains(account.address)) site.accounts_there.push_back(account.address);
    return site;
}

// As the report has them: files that could not be read are in it, which spoold has never seen.
std::uint64_t refused_lines(const v1::Import& import) {
    constexpr auto kRefused = static_cast<int>(legacy::Severity::refused);
    return import.report_lines_size() > kRefused ? import.report_lines(kRefused) : import.refused();
}

std::string plan_json(const ImportPlan& plan, const legacy::Report& report) {
    return cat("{\"kind\":", json_string(plan.kind), ",\"origin\":", json_string(plan.origin),
               ",\"accounts\":", plan.accounts, ",\"mails\":", plan.mails, ",\"bytes\":", plan.bytes,
               ",\"refused\":", report.count(legacy::Severity::refused),
               ",\"decide\":", report.count(legacy::Severity::person),
               ",\"changed\":", report.count(legacy::Severity::changed), "}\n");
}

Result<ExitStatus> make_plan(Context& context, const ImportOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    ImportPlan plan;
    plan.kind = options.kind;
    plan.options = options.source;
    plan.captures = options.captures;
    std::error_code code;
    plan.path = std::filesystem::absolute(options.path, code).lexically_normal().string();
    for (auto* file : {&plan.options.accounts_file, &plan.options.aliases_file, &plan.captures})
        if (!file->empty()) *file = std::filesystem::absolute(*file, code).lexically_normal().string();
    legacy::Report report;
    auto source = FileSource::open(plan.kind, plan.path, plan.options, report);
    if (!source) return fail(std::move(source.error()));
    const auto& found = (*source)->plan();
    plan.origin = (*source)->origin();
    plan.fingerprint = (*source)->fingerprint();
    plan.accounts = found.accounts.size();
    for (const auto& account : found.accounts) {
        plan.mails += account.mails;
        plan.bytes += account.bytes;
    }
    auto site = look_at_site(context, found);
    if (!site) return fail(std::move(site.error()));
    if (auto written = write_plan(options.out, plan); !written) return fail(std::move(written.error()));
    if (context.json) Context::print(plan_json(plan, report));
    else Context::print(plan_text(plan, found, report, *site, *language));
    context.say(cat(*language == legacy::Language::japanese ? "計画を書き出しました。次は: adminctl import run "
                                                            : "The plan has been written. Next: adminctl import run ",
                    options.out));
    return report.count(legacy::Severity::refused) > 0 ? ExitStatus::refused : ExitStatus::ok;
}

Result<ExitStatus> run(Context& context, const ImportOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto plan = read_plan(options.plan_file);
    if (!plan) return fail(std::move(plan.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto settings = options.run;
    settings.language = *language;
    auto outcome = run_import(**client, *plan, settings);
    if (!outcome) return fail(std::move(outcome.error()));
    Context::print(context.json ? run_json(*outcome) : run_text(*outcome, *language));
    return outcome->refused > 0 ? ExitStatus::refused : ExitStatus::ok;
}

Result<ExitStatus> verify(Context& context, const ImportOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto plan = read_plan(options.plan_file);
    if (!plan) return fail(std::move(plan.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto import = find_import(**client, *plan);
    if (!import) return fail(std::move(import.error()));
    legacy::Report report;
    auto source = FileSource::open(*plan, report);
    if (!source) return fail(std::move(source.error()));
    auto outcome = verify_import(**client, **source, *import, Thoroughness::bytes, [&](const legacy::ReportLine& line) {
        Context::print(cat(options.tsv ? legacy::as_tsv(line, *language) : printable(legacy::as_text(line, *language)), "\n"));
    });
    if (!outcome) return fail(std::move(outcome.error()));
    if (!options.tsv) Context::print(verify_text(*outcome, *language));
    return outcome->problems > 0 ? ExitStatus::problems : ExitStatus::ok;
}

// A number of `import list`, or a plan.
Result<v1::ImportRequest> which_import(rpc::ImportClient& client, const std::string& which) {
    v1::ImportRequest request;
    std::uint64_t id = 0;
    const auto end = std::from_chars(which.data(), which.data() + which.size(), id).ptr;
    if (end == which.data() + which.size()) {
        request.set_import_id(id);
        return request;
    }
    auto plan = read_plan(which);
    if (!plan) return fail(std::move(plan.error()));
    auto import = find_import(client, *plan);
    if (!import) return fail(std::move(import.error()));
    request.set_import_id(import->import_id());
    return request;
}

Result<ExitStatus> undo(Context& context, const ImportOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto request = which_import(**client, options.which);
    if (!request) return fail(std::move(request.error()));
    auto reply = (*client)->undo(*request);
    if (!reply) return fail(std::move(reply.error()));
    Context::print(context.json ? cat(to_json(*reply), "\n") : undo_text(*reply, *language));
    return reply->kept().empty() ? ExitStatus::ok : ExitStatus::refused;
}

Result<ExitStatus> report(Context& context, const ImportOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto request = which_import(**client, options.which);
    if (!request) return fail(std::move(request.error()));
    std::size_t lines = 0;
    auto read = (*client)->read_report(*request, [&](const v1::ImportReportLine& wire) {
        const auto line = from_wire(wire);
        if (context.json) Context::print(cat(to_json(wire), "\n"));
        else if (options.tsv) Context::print(cat(legacy::as_tsv(line, *language), "\n"));
        else Context::print(cat(printable(legacy::as_text(line, *language)), "\n"));
        ++lines;
        return true;
    });
    if (!read) return fail(std::move(read.error()));
    if (lines == 0 && !options.tsv)
        context.say(*language == legacy::Language::japanese ? "報告することはありません。" : "Nothing was noticed.");
    return ExitStatus::ok;
}

template <class Item, class List, class Row>
Result<ExitStatus> table_of(Context& context, Table table, List each, Row row) {
    std::size_t items = 0;
    auto listed = each([&](const Item& item) {
        if (context.json) Context::print(cat(items == 0 ? "[" : ",\n ", to_json(item)));
        else table.row(row(item));
        ++items;
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    if (context.json) Context::print(items == 0 ? "[]\n" : "]\n");
    else Context::print(table.empty() ? "none\n" : table.text());
    return ExitStatus::ok;
}

Result<ExitStatus> list_imports(Context& context) {
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    Table table;
    for (const auto* title : {"IMPORT", "STATE", "KIND", "SOURCE", "LAST RUN"}) table.column(title);
    for (const auto* title : {"ACCOUNTS", "MAILS", "SIZE", "REFUSED"}) table.column(title, Align::right);
    return table_of<v1::Import>(
        context, std::move(table), [&](const auto& visit) { return (*client)->list_imports({}, visit); },
        [](const v1::Import& import) -> std::vector<std::string> {
            return {cat(import.import_id()), import_state(import.state()), import.kind(), import.origin(),
                    show_time(import.started_s()), cat(import.accounts()), cat(import.mails()),
                    show_size(import.bytes()), cat(refused_lines(import))};
        });
}

Result<ExitStatus> status(Context& context, const ImportOptions& options) {
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto request = which_import(**client, options.which);
    if (!request) return fail(std::move(request.error()));
    Table table;
    for (const auto* title : {"ACCOUNT", "STATE", "MADE", "UNDO"}) table.column(title);
    for (const auto* title : {"MAILS", "SIZE", "REFUSED"}) table.column(title, Align::right);
    return table_of<v1::ImportAccount>(
        context, std::move(table), [&](const auto& visit) { return (*client)->list_accounts(*request, visit); },
        [](const v1::ImportAccount& account) -> std::vector<std::string> {
            const bool undone = account.state() == v1::IMPORT_STATE_UNDONE;
            return {account.address(), import_state(account.state()), account.created() ? "by the import" : "before",
                    undone ? "-" : account.clients_came() ? "no: clients came" : "possible", cat(account.mails()),
                    show_size(account.bytes()), cat(account.refused())};
        });
}

void add_plan(CLI::App& import, Context& context, const ImportOptionsPtr& options) {
    auto* plan = command(import, context, "plan", "reads a spool, changes nothing, and says what an import would do",
                         [&context, options] { return make_plan(context, *options); });
    std::string kinds;
    for (const auto kind : legacy::source_kinds()) append(kinds, kinds.empty() ? "" : ", ", kind);
    plan->add_option("KIND", options->kind, kinds)->required();
    plan->add_option("PATH", options->path, "a directory or a tar archive")->required();
    plan->add_option("--domain", options->source.domain, "of accounts that the source names without one");
    plan->add_option("--account", options->source.account, "the source is one mailbox, of this address");
    plan->add_option("--accounts-file", options->source.accounts_file, "a table of accounts: E-Post's text export, or CSV");
    plan->add_option("--aliases-file", options->source.aliases_file, "aliases: a .reg export, or \"aliases 1\"");
    plan->add_option("--captures", options->captures,
                     "the directory of `migrate capture`: UIDLs, UIDs, flags and dates as the server showed them")
        ->check(CLI::ExistingDirectory);
    plan->add_flag("--accept-guessed", options->source.accept_guessed,
                   "also files without a version marker, where every line leaves no choice");
    plan->add_flag("--new-uidls", options->source.new_uidls, "mails of a uidl.txt of an unknown version come with new UIDLs");
    plan->add_flag("--keep-high-uids", options->source.keep_high_uids, "UIDs of 2147483648 and more stay");
    plan->add_option("--mbox", options->source.mbox, "how \">From \" is quoted: rd, o or cl; else the file tells");
    plan->add_option("--out", options->out, "the plan's file")->capture_default_str();
    plan->add_option("--lang", options->language, "en or ja; else as the terminal's");
}

}  // namespace

void add_import_command(CLI::App& app, Context& context) {
    auto* import = group(app, "import", "the spool of another mail server, brought in as it was");
    auto options = std::make_shared<ImportOptions>();
    add_plan(*import, context, options);

    auto* again = command(*import, context, "run", "imports; a run that was cut off is just run again",
                          [&context, options] { return run(context, *options); });
    again->add_option("PLAN", options->plan_file, "of `import plan`")->required();
    again->add_flag("--enable-rules", options->run.enable_rules, "forwards, replies and filters work at once; else they wait for approval");
    again->add_option("--jobs", options->run.jobs, "accounts at the same time")->check(CLI::Range(1U, kImportJobsMax))->capture_default_str();
    again->add_option("--lang", options->language, "en or ja");

    auto* compare = command(*import, context, "verify", "compares every mail with its source: numbers, flags, dates and bytes",
                            [&context, options] { return verify(context, *options); });
    compare->add_option("PLAN", options->plan_file)->required();
    compare->add_flag("--tsv", options->tsv, "problems as tab-separated lines");
    compare->add_option("--lang", options->language, "en or ja");

    auto* back = command(*import, context, "undo", "takes an import back, from every account to which no client has logged in",
                         [&context, options] { return undo(context, *options); });
    back->add_option("IMPORT", options->which, "its number or its plan")->required();
    back->add_option("--lang", options->language, "en or ja");

    auto* noticed = command(*import, context, "report", "everything that was noticed", [&context, options] { return report(context, *options); });
    noticed->add_option("IMPORT", options->which, "its number or its plan")->required();
    noticed->add_flag("--tsv", options->tsv, "severity, account, file, line, code and sentence, tab-separated");
    noticed->add_option("--lang", options->language, "en or ja");

    command(*import, context, "list", "lists all imports", [&context] { return list_imports(context); });
    auto* accounts = command(*import, context, "status", "the accounts of an import", [&context, options] { return status(context, *options); });
    accounts->add_option("IMPORT", options->which, "its number or its plan")->required();
}

}  // namespace tayori::admin
