// adminctl fetch add|set|remove|list: accounts at other servers whose mail is fetched again and again; running is in fetch_run.cc.
#include "adminctl/context.h"
#include "adminctl/fetch/text.h"
#include "adminctl/secret.h"
#include "common/legacy/lines.h"

namespace tayori::admin {
namespace {

constexpr std::uint64_t kFetchCaFileBytesMax = 64 * 1024;
constexpr unsigned kPortMax = 65'535;

struct FetchOptions {
    std::string address;
    std::uint64_t source_id = 0;
    std::optional<std::string> from, host, tls, ca, user, auth, every, folder;
    std::optional<unsigned> port, delete_after;
    bool tls_insecure = false, tls_secure = false;
    bool password_stdin = false, password = false;
    bool all_folders = false, only_inbox = false;
    bool keep = false;
    bool off = false, on = false;
    bool accept_renumbered = false;
};
using FetchOptionsPtr = std::shared_ptr<FetchOptions>;

v1::FetchTls fetch_tls_named(std::string_view name) {
    if (name == "starttls") return v1::FETCH_TLS_STARTTLS;
    return name == "none" ? v1::FETCH_TLS_NONE : v1::FETCH_TLS_IMPLICIT;
}

// All but the password.
Result<v1::FetchSettings> settings_of(const FetchOptions& options) {
    v1::FetchSettings out;
    if (options.host) out.set_host(*options.host);
    if (options.port) out.set_port(*options.port);
    if (options.tls) out.set_tls(fetch_tls_named(*options.tls));
    if (options.tls_insecure || options.tls_secure) out.set_any_certificate(options.tls_insecure);
    if (options.ca) {
        auto pem = legacy::read_local_file(*options.ca, kFetchCaFileBytesMax);
        if (!pem) return fail(std::move(pem.error()));
        out.set_ca_pem(std::move(*pem));
    }
    if (options.user) out.set_user(*options.user);
    if (options.auth) out.set_mechanism(*options.auth);
    if (options.every) {
        auto seconds = parse_interval(*options.every);
        if (!seconds) return fail(std::move(seconds.error()));
        out.set_interval_s(*seconds);
    }
    if (options.folder) out.set_folder(*options.folder);
    if (options.all_folders || options.only_inbox) out.set_all_folders(options.all_folders);
    if (options.delete_after) out.set_delete_after_days(*options.delete_after);
    if (options.keep) out.set_keep_at_source(true);
    if (options.off || options.on) out.set_enabled(options.on);
    if (options.accept_renumbered) out.set_accept_renumbered(true);
    return out;
}

Result<ExitStatus> show_one(const Context& context, const v1::FetchSource& source, const std::string& sentence) {
    if (context.json) Context::print(cat(to_json(source), "\n"));
    else Context::print(sentence);
    return ExitStatus::ok;
}

Result<ExitStatus> add_source(Context& context, const FetchOptions& options) {
    auto settings = settings_of(options);
    if (!settings) return fail(std::move(settings.error()));
    settings->set_address(options.address);
    settings->set_protocol(*options.from == "pop3" ? v1::FETCH_PROTOCOL_POP3 : v1::FETCH_PROTOCOL_IMAP);
    if (!settings->has_user()) settings->set_user(options.address);
    auto password = options.password_stdin ? read_password_line()
                                           : ask_password(cat(settings->user(), " at ", settings->host()));
    if (!password) return fail(std::move(password.error()));
    settings->set_secret(std::move(*password));
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto added = (*client)->add(*settings);
    if (!added) return fail(std::move(added.error()));
    return show_one(context, *added,
                    cat("Source ", added->source_id(), ": ", printable(show_source(added->settings())), " into ",
                        printable(added->settings().address()), ", every ",
                        show_interval(added->settings().interval_s()), ".\n`adminctl fetch test ", added->source_id(),
                        "` shows what is there.\n"));
}

Result<ExitStatus> set_source(Context& context, const FetchOptions& options) {
    auto settings = settings_of(options);
    if (!settings) return fail(std::move(settings.error()));
    if (options.password_stdin || options.password) {
        auto password = options.password_stdin ? read_password_line() : ask_password(cat("source ", options.source_id));
        if (!password) return fail(std::move(password.error()));
        settings->set_secret(std::move(*password));
    }
    v1::SetFetchSourceRequest request;
    request.set_source_id(options.source_id);
    *request.mutable_settings() = std::move(*settings);
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto changed = (*client)->set(request);
    if (!changed) return fail(std::move(changed.error()));
    return show_one(context, *changed, cat("Source ", changed->source_id(), " is changed",
                                           changed->settings().enabled() ? ", and due now.\n" : ", and off.\n"));
}

Result<ExitStatus> remove_source(Context& context, const FetchOptions& options) {
    v1::FetchSourceRequest request;
    request.set_source_id(options.source_id);
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto removed = (*client)->remove(request);
    if (!removed) return fail(std::move(removed.error()));
    return show_one(context, *removed,
                    cat("Nothing is fetched from ", printable(show_source(removed->settings())),
                        " any more. What has been fetched stays here.\n"));
}

Result<ExitStatus> list_sources(Context& context, const FetchOptions& options) {
    v1::ListFetchSourcesRequest request;
    request.set_address(options.address);
    auto client = context.fetch_client();
    if (!client) return fail(std::move(client.error()));
    auto table = fetch_table();
    std::string trouble;
    std::size_t items = 0;
    auto listed = (*client)->list(request, [&](const v1::FetchSource& source) {
        if (context.json) Context::print(cat(items == 0 ? "[" : ",\n ", to_json(source)));
        else add_fetch_row(table, source);
        trouble += fetch_trouble(source);
        ++items;
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    if (context.json) Context::print(items == 0 ? "[]\n" : "]\n");
    else Context::print(table.empty() ? "none\n" : cat(table.text(), trouble.empty() ? "" : "\n", trouble));
    return ExitStatus::ok;
}

void add_server_options(CLI::App& app, const FetchOptionsPtr& options) {
    app.add_option("--port", options->port, "where it listens; else the usual port")->check(CLI::Range(1U, kPortMax));
    app.add_option("--tls", options->tls, "implicit (the usual one), starttls or none, which sends the password in the clear")
        ->check(CLI::IsMember({"implicit", "starttls", "none"}));
    auto* any = app.add_flag("--tls-insecure", options->tls_insecure, "any certificate will do");
    app.add_flag("--tls-secure", options->tls_secure, "ends --tls-insecure")->excludes(any);
    app.add_option("--ca", options->ca, "who signed the certificate there; else the list of where `fetch serve` runs")
        ->check(CLI::ExistingFile);
    app.add_option("--user", options->user, "the login name there; else the address here");
    app.add_option("--auth", options->auth, "PLAIN, LOGIN, CRAM-MD5, APOP or XOAUTH2 (a token); else the best that both know")
        ->check(CLI::IsMember({"PLAIN", "LOGIN", "CRAM-MD5", "APOP", "XOAUTH2"}, CLI::ignore_case));
    app.add_flag("--password-stdin", options->password_stdin, "the password is standard input's first line");
}

void add_use_options(CLI::App& app, const FetchOptionsPtr& options) {
    app.add_option("--every", options->every, "how often: 10m, 1h");
    app.add_option("--folder", options->folder, "where it goes; else INBOX");
    auto* all = app.add_flag("--all-folders", options->all_folders, "IMAP: all folders but Trash and Junk");
    app.add_flag("--only-inbox", options->only_inbox, "ends --all-folders")->excludes(all);
    auto* after = app.add_option("--delete-after", options->delete_after,
                                 "days after which a mail that is here is deleted there; 0: in the same run");
    app.add_flag("--keep", options->keep, "leaves everything there, which is the rule")->excludes(after);
    auto* off = app.add_flag("--off", options->off, "nothing is fetched until --on");
    app.add_flag("--on", options->on, "ends --off")->excludes(off);
}

}  // namespace

void add_fetch_command(CLI::App& app, Context& context) {
    auto* fetch = group(app, "fetch", "mail of accounts at other servers, fetched again and again");
    const auto make = [&](const std::string& name, const std::string& help, auto run) {
        auto options = std::make_shared<FetchOptions>();
        auto* made = command(*fetch, context, name, help, [&context, options, run] { return run(context, *options); });
        return std::pair(made, options);
    };
    auto [add, add_options] = make("add", "adds a source; asks for its password", add_source);
    add->add_option("ADDRESS", add_options->address, "the account here")->required();
    add->add_option("--from", add_options->from, "imap or pop3")->required()->check(CLI::IsMember({"imap", "pop3"}));
    add->add_option("--host", add_options->host, "the server")->required();
    add_server_options(*add, add_options);
    add_use_options(*add, add_options);

    auto [set, set_options] = make("set", "changes a source; it is due at once", set_source);
    set->add_option("ID", set_options->source_id, "as `fetch list` shows it")->required();
    set->add_option("--host", set_options->host, "the server; needs the password, too");
    set->add_flag("--password", set_options->password, "asks for the password");
    add_server_options(*set, set_options);
    add_use_options(*set, set_options);
    set->add_flag("--accept-renumbered", set_options->accept_renumbered,
                  "folders that the server has numbered anew come whole once more");

    auto [remove, remove_options] = make("remove", "ends a source; what has been fetched stays", remove_source);
    remove->add_option("ID", remove_options->source_id, "as `fetch list` shows it")->required();

    auto [list, list_options] = make("list", "the sources, how their last run went, and when the next one is", list_sources);
    list->add_option("ADDRESS", list_options->address, "only of this account");
    add_fetch_runs(*fetch, context);
}

}  // namespace tayori::admin
