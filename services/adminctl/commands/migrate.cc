// adminctl migrate capture|pull|delta|verify|status|checklist: mail of a server that still runs, by IMAP and POP3.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "adminctl/context.h"
#include "adminctl/import/run.h"
#include "adminctl/import/text.h"
#include "adminctl/import/verify.h"
#include "adminctl/migrate/capture.h"
#include "adminctl/migrate/state.h"
#include "adminctl/migrate/text.h"
#include "common/legacy/lines.h"

namespace tayori::admin {
namespace {

constexpr std::uint64_t kMigrationTableBytesMax = 64 * 1024 * 1024;
constexpr unsigned kTimeoutMaxS = 3600;
constexpr unsigned kRetriesMax = 100;

struct MigrateOptions {
    std::string imap, pop3, tls, ca, auth, table, domain, rate, name, language;
    bool tls_insecure = false;
    bool another_source = false;
    bool no_passwords = false;
    bool keep_high_uids = false;
    unsigned timeout_s = 120;
    unsigned retries = 5;
    RunOptions run;
    bool keep_removed = false;
    bool quick = false;
    bool offline = false;
    bool tsv = false;
    CaptureOptions capture;
};
using MigrateOptionsPtr = std::shared_ptr<MigrateOptions>;

Result<std::string> read_migration_table(const std::string& file) {
    if (file != "-") {
        auto read = legacy::read_local_file(file, kMigrationTableBytesMax);
        if (!read)
            return fail(Kind::invalid,
                        cat("The table ", file, " can't be read: is it there, and a file of at most 64 MiB?"),
                        read.error().text);
        return read;
    }
    std::string out(std::istreambuf_iterator<char>(std::cin), {});
    return out;
}

Result<void> read_live_servers(const MigrateOptions& options, LiveSettings& out) {
    if (options.imap.empty() && options.pop3.empty())
        return fail(Kind::invalid, "Which server? --imap HOST, --pop3 HOST, or both.");
    if (!options.imap.empty()) {
        auto server = legacy::parse_server(legacy::LiveProtocol::imap, options.imap, options.tls);
        if (!server) return fail(std::move(server.error()));
        out.imap = std::move(*server);
    }
    if (!options.pop3.empty()) {
        auto server = legacy::parse_server(legacy::LiveProtocol::pop3, options.pop3, options.tls);
        if (!server) return fail(std::move(server.error()));
        out.pop3 = std::move(*server);
    }
    return {};
}

Result<std::unique_ptr<LiveSource>> open_live_source(const MigrateOptions& options) {
    LiveSettings settings;
    if (auto read = read_live_servers(options, settings); !read) return fail(std::move(read.error()));
    settings.access.ca_file = options.ca;
    settings.access.any_certificate = options.tls_insecure;
    settings.access.auth = to_upper(options.auth);
    settings.access.connect_timeout = settings.access.idle_timeout = std::chrono::seconds(options.timeout_s);
    settings.name = options.name;
    settings.retries = options.retries;
    settings.keep_high_uids = options.keep_high_uids;
    settings.passwords = !options.no_passwords;
    if (!options.rate.empty()) {
        auto rate = parse_size(options.rate);
        if (!rate) return fail(std::move(rate.error()));
        settings.bytes_per_second = *rate;
    }
    auto text = read_migration_table(options.table);
    if (!text) return fail(std::move(text.error()));
    auto rows = legacy::parse_migration_table(*text, options.domain);
    if (!rows) return fail(std::move(rows.error()));
    return std::make_unique<LiveSource>(std::move(settings), std::move(*rows));
}

struct Begun {
    legacy::Language language = legacy::Language::english;
    std::unique_ptr<LiveSource> source;
};
Result<Begun> begin_migration(const MigrateOptions& options) {
    auto language = parse_language(options.language);
    if (!language) return fail(std::move(language.error()));
    auto source = open_live_source(options);
    if (!source) return fail(std::move(source.error()));
    return Begun{*language, std::move(*source)};
}

Result<ExitStatus> pull_mail(Context& context, const MigrateOptions& options) {
    auto begun = begin_migration(options);
    if (!begun) return fail(std::move(begun.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    if (!options.another_source) {
        if (auto checked = check_source_name(**client, *begun->source); !checked)
            return fail(std::move(checked.error()));
    }
    legacy::Report noticed;
    if (options.tls_insecure) noticed.add({legacy::Severity::person, {}, {}, 0, "live-insecure", {}});
    auto settings = options.run;
    settings.language = begun->language;
    settings.remove = settings.follow && !options.keep_removed;
    auto outcome = run_import(**client, *begun->source, noticed, 0, settings);
    if (!outcome) return fail(std::move(outcome.error()));
    Context::print(context.json ? run_json(*outcome) : run_text(*outcome, begun->language));
    if (outcome->unfinished > 0) return ExitStatus::try_again;
    return outcome->refused > 0 ? ExitStatus::refused : ExitStatus::ok;
}

Result<ExitStatus> verify_mail(Context& context, const MigrateOptions& options) {
    auto begun = begin_migration(options);
    if (!begun) return fail(std::move(begun.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto import = find_import(**client, *begun->source);
    if (!import) return fail(std::move(import.error()));
    const auto thoroughness = options.quick ? Thoroughness::numbers : Thoroughness::bytes;
    auto outcome = verify_import(**client, *begun->source, *import, thoroughness, [&](const legacy::ReportLine& line) {
        Context::print(
            cat(options.tsv ? legacy::as_tsv(line, begun->language) : printable(legacy::as_text(line, begun->language)),
                "\n"));
    });
    if (!outcome) return fail(std::move(outcome.error()));
    if (!options.tsv) Context::print(verify_text(*outcome, begun->language));
    return outcome->problems > 0 ? ExitStatus::problems : ExitStatus::ok;
}

Result<ExitStatus> show_state_of_migration(Context& context, const MigrateOptions& options) {
    auto begun = begin_migration(options);
    if (!begun) return fail(std::move(begun.error()));
    auto client = context.import_client();
    if (!client) return fail(std::move(client.error()));
    auto states = migration_state(**client, *begun->source, !options.offline);
    if (!states) return fail(std::move(states.error()));
    Context::print(context.json ? state_json(*states) : state_text(*states, begun->language));
    const bool done = std::all_of(states->begin(), states->end(), [](const MigrationState& state) {
        return state.account.state() == v1::IMPORT_STATE_COMPLETE && state.left.value_or(0) == 0 &&
               state.source_error.empty();
    });
    return done ? ExitStatus::ok : ExitStatus::problems;
}

Result<ExitStatus> write_captures(Context& context, const MigrateOptions& options) {
    auto begun = begin_migration(options);
    if (!begun) return fail(std::move(begun.error()));
    auto settings = options.capture;
    settings.jobs = options.run.jobs;
    auto outcome = capture_accounts(*begun->source, settings, [&](const legacy::ReportLine& line) {
        if (!context.json) Context::print(cat(printable(legacy::as_text(line, begun->language)), "\n"));
    });
    if (!outcome) return fail(std::move(outcome.error()));
    if (context.json) {
        Context::print(cat("{\"accounts\":", outcome->accounts, ",\"mails\":", outcome->mails,
                           ",\"pop3\":", outcome->drop, ",\"refused\":", outcome->refused, "}\n"));
    } else {
        Context::print(capture_text(*outcome, settings.directory, begun->language));
    }
    return outcome->refused > 0 ? ExitStatus::refused : ExitStatus::ok;
}

// What all need to find the server and its accounts.
void add_source_options(CLI::App& app, const MigrateOptionsPtr& options) {
    app.add_option("--table", options->table,
                   "CSV with the columns user,password,address[,name,quota]; - reads standard input")
        ->required();
    app.add_option("--imap", options->imap, "HOST[:PORT] of the old server's IMAP");
    app.add_option("--pop3", options->pop3, "HOST[:PORT] of its POP3; with both, UIDLs are put onto the mails of IMAP");
    app.add_option("--tls", options->tls,
                   "starttls, implicit or none; else implicit, or starttls where a port is named")
        ->check(CLI::IsMember({"starttls", "implicit", "none"}));
    app.add_option("--ca", options->ca, "who signed the old server's certificate; else the system's list")
        ->check(CLI::ExistingFile);
    app.add_flag("--tls-insecure", options->tls_insecure, "any certificate will do");
    app.add_option("--auth", options->auth, "PLAIN, LOGIN, CRAM-MD5, APOP or XOAUTH2; else the best that both know")
        ->check(CLI::IsMember({"PLAIN", "LOGIN", "CRAM-MD5", "APOP", "XOAUTH2"}, CLI::ignore_case));
    app.add_option("--domain", options->domain, "of addresses in the table that have none");
    app.add_option("--source-name", options->name, "what mails are remembered by, instead of the host's name");
    app.add_option("--rate", options->rate, "bytes a second of all connections together: 500K, 10M");
    app.add_option("--timeout", options->timeout_s, "seconds without an answer")
        ->check(CLI::Range(1U, kTimeoutMaxS))
        ->capture_default_str();
    app.add_option("--retries", options->retries, "of a connection that fails, after longer and longer pauses")
        ->check(CLI::Range(0U, kRetriesMax))
        ->capture_default_str();
    app.add_flag("--keep-high-uids", options->keep_high_uids, "UIDs of 2147483648 and more stay");
    app.add_option("--lang", options->language, "en or ja; else as the terminal's");
}

void add_jobs_option(CLI::App& app, const MigrateOptionsPtr& options) {
    app.add_option("--jobs", options->run.jobs, "accounts at the same time")
        ->check(CLI::Range(1U, kImportJobsMax))
        ->capture_default_str();
}

void add_pull_options(CLI::App& app, const MigrateOptionsPtr& options) {
    add_source_options(app, options);
    add_jobs_option(app, options);
    app.add_flag("--no-passwords", options->no_passwords,
                 "accounts that are made get none (where the table has an administrator's)");
    app.add_flag("--another-source", options->another_source,
                 "these accounts have mail of another server already, and this one's comes besides");
}

}  // namespace

void add_migrate_command(CLI::App& app, Context& context) {
    auto* migrate = group(app, "migrate", "mail of a server that still runs, brought in by IMAP and POP3");
    const auto add = [&](const std::string& name, const std::string& help, auto run) {
        auto options = std::make_shared<MigrateOptions>();
        auto* made =
            command(*migrate, context, name, help, [&context, options, run] { return run(context, *options); });
        return std::pair(made, options);
    };
    auto [take, take_options] =
        add("capture", "writes down what the old server shows: UIDs, UIDLs, flags and hashes", write_captures);
    add_source_options(*take, take_options);
    add_jobs_option(*take, take_options);
    take->add_option("--out", take_options->capture.directory, "the directory, which is made")->required();
    take->add_flag("--headers-only", take_options->capture.headers_only,
                   "no mail is read whole: no hashes, much faster");

    auto [first, first_options] = add("pull", "brings everything; a run that was cut off is just run again", pull_mail);
    add_pull_options(*first, first_options);

    auto [again, again_options] =
        add("delta", "brings what is new since, and follows flags and removals until a client logs in", pull_mail);
    add_pull_options(*again, again_options);
    again_options->run.follow = true;
    again->add_flag("--keep-removed", again_options->keep_removed, "mails that are gone at the source stay");

    auto [compare, compare_options] =
        add("verify", "compares every mail with the old server: numbers, flags, dates and bytes", verify_mail);
    add_source_options(*compare, compare_options);
    compare->add_flag("--quick", compare_options->quick, "all but the bytes");
    compare->add_flag("--tsv", compare_options->tsv, "problems as tab-separated lines");

    auto [look, look_options] =
        add("status", "what is here of each account, and what is left", show_state_of_migration);
    add_source_options(*look, look_options);
    look->add_flag("--offline", look_options->offline, "without asking the old server");
    add_migrate_checklist(*migrate, context);
}

}  // namespace tayori::admin
