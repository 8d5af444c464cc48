#include "adminctl/context.h"

#include <cstdio>

#include "common/rpc/errors.h"

namespace tayori::admin {
namespace {

// Settings that can't be read are an error of their own, with their own exit status.
struct SettingsAreWrong {
    std::string text;
};

ExitStatus status_of(const Error& error) {
    if (error.text == rpc::kUnreachable) return ExitStatus::unreachable;
    switch (error.kind) {
        case Kind::busy:
        case Kind::no_space:
        case Kind::closed: return ExitStatus::try_again;
        default: return ExitStatus::refused;
    }
}

void explain(const Error& error, const Context& context) {
    std::fprintf(stderr, "adminctl: %s\n", printable_lines(error.text).c_str());
    if (error.text != rpc::kUnreachable) return;
    const auto settings = context.load_settings();
    const auto address = !context.spoold.empty() ? context.spoold
                         : settings              ? settings->resolve(settings->spoold.address).to_string()
                                                 : std::string("(unknown)");
    std::fprintf(stderr,
                 "Is it running, and may you open its socket? It was looked for at %s (%s).\n"
                 "`./tayori status` shows what runs; --spoold ADDRESS or the setting spoold.address names another place.\n",
                 printable(rpc::admin_address(address)).c_str(), printable(error.detail).c_str());
}

std::unique_ptr<CLI::App> make_app(Context& context) {
    auto app = std::make_unique<CLI::App>("Administers Tayori, the mail appliance.", "adminctl");
    app->footer(kExitStatusHelp);
    app->add_option("--config", context.config, "the settings' file; else TAYORI_CONFIG, else /etc/tayori/tayori.toml");
    app->add_option("--spoold", context.spoold, "where spoold is: unix:/PATH or HOST:PORT; else by the settings");
    app->add_option("--tls-dir", context.tls_dir,
                    "folder with ca.crt, tls.crt and tls.key for HOST:PORT; else by the settings");
    app->add_flag("--json", context.json, "output for programs");
    app->set_version_flag("--version", std::string("adminctl (Tayori) " TAYORI_VERSION));
    app->require_subcommand(1);
    app->fallthrough();
    add_status_command(*app, context);
    add_domain_command(*app, context);
    add_account_command(*app, context);
    add_alias_command(*app, context);
    add_folder_command(*app, context);
    add_folders_command(*app, context);
    add_imap4_command(*app, context);
    add_convert_command(*app, context);
    add_queue_command(*app, context);
    add_trace_command(*app, context);
    add_route_command(*app, context);
    add_send_command(*app, context);
    add_dkim_command(*app, context);
    add_srs_command(*app, context);
    add_plugin_command(*app, context);
    add_quota_command(*app, context);
    add_undelete_command(*app, context);
    add_import_command(*app, context);
    add_migrate_command(*app, context);
    add_fetch_command(*app, context);
    add_export_command(*app, context);
    add_counters_command(*app, context);
    add_store_command(*app, context);
    add_backup_command(*app, context);
    add_config_command(*app, context);
    add_doctor_command(*app, context);
    add_log_command(*app, context);
    add_completion_command(*app, context);
    return app;
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "adminctl: %s\n", error.what());
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    std::string name;
    for (const auto* up = at; up != nullptr; up = up->get_parent()) name = cat(up->get_name(), name.empty() ? "" : " ", name);
    std::fprintf(stderr, "`%s --help` shows how it is used.\n", name.c_str());
    return static_cast<int>(ExitStatus::usage);
}

}  // namespace

CLI::App* group(CLI::App& parent, const std::string& name, const std::string& help) {
    auto* app = parent.add_subcommand(name, help);
    app->require_subcommand(1);
    app->fallthrough();
    return app;
}

std::string Context::config_file() const {
    if (!config.empty()) return config;
    return settings::config_path(0, nullptr, settings::process_environment());
}

Result<settings::Settings> Context::load_settings() const {
    return settings::load(config_file(), settings::process_environment());
}

Context::Way Context::way() const {
    std::string address = spoold;
    rpc::TlsFiles tls;
    if (!tls_dir.empty()) tls = {tls_dir + "/ca.crt", tls_dir + "/tls.crt", tls_dir + "/tls.key"};
    // The settings need not be right, nor there, for one who says all that is asked of them.
    if (address.empty() || (tls_dir.empty() && !address.starts_with("unix:"))) {
        auto settings = load_settings();
        if (!settings) throw SettingsAreWrong{settings.error().text};
        if (address.empty()) address = settings->resolve(settings->spoold.address).to_string();
        if (tls_dir.empty()) tls = rpc::tls_files(settings->path(settings->spoold.pki_dir), "adminctl");
    }
    return {std::move(address), std::move(tls)};
}

Result<rpc::AdminClient*> Context::client() {
    if (client_) return client_.get();
    const auto to = way();
    auto made = rpc::AdminClient::make(to.address, to.tls);
    if (!made) return fail(std::move(made.error()));
    client_ = std::move(*made);
    return client_.get();
}

Result<rpc::ImportClient*> Context::import_client() {
    if (import_client_) return import_client_.get();
    const auto to = way();
    auto made = rpc::ImportClient::make(to.address, to.tls);
    if (!made) return fail(std::move(made.error()));
    import_client_ = std::move(*made);
    return import_client_.get();
}

Result<rpc::FetchClient*> Context::fetch_client() {
    if (fetch_client_) return fetch_client_.get();
    const auto to = way();
    auto made = rpc::FetchClient::make(to.address, to.tls);
    if (!made) return fail(std::move(made.error()));
    fetch_client_ = std::move(*made);
    return fetch_client_.get();
}

void Context::print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int run(int argc, const char* const* argv) {
    Context context;
    context.program = argv[0];
    const auto app = make_app(context);
    if (argc > 2 && std::string_view(argv[1]) == "complete" && std::string_view(argv[2]) == "--") {
        Context::print(completions(*app, {argv + 3, argv + argc}));
        return static_cast<int>(ExitStatus::ok);
    }
    try {
        app->parse(argc, argv);
        if (!context.chosen) return static_cast<int>(ExitStatus::usage);
        auto done = context.chosen();
        if (std::fflush(stdout) != 0) {
            std::perror("adminctl: writing the output failed");
            return static_cast<int>(ExitStatus::try_again);
        }
        if (done) return static_cast<int>(*done);
        explain(done.error(), context);
        return static_cast<int>(status_of(done.error()));
    } catch (const CLI::ParseError& error) {
        return usage_error(*app, error);
    } catch (const SettingsAreWrong& wrong) {
        std::fprintf(stderr, "adminctl: the settings are wrong\n%s\n", wrong.text.c_str());
        return static_cast<int>(ExitStatus::settings);
    }
}

}  // namespace tayori::admin
