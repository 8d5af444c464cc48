// What every command works with: the global options, the way to spoold, and output for people or programs.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adminctl/exit_status.h"
#include "adminctl/json.h"
#include "adminctl/table.h"
#include "adminctl/values.h"
#include "common/base/text.h"
#include "common/rpc/admin_client.h"
#include "common/rpc/fetch_client.h"
#include "common/rpc/import_client.h"
#include "common/settings/settings.h"

namespace tayori::admin {

class Context {
  public:
    // Global options.
    std::string config;   // --config
    std::string spoold;   // --spoold; empty: by the settings
    std::string tls_dir;  // --tls-dir; empty: by the settings
    bool json = false;    // --json
    std::string program;  // argv[0]

    // Connects with the first call made on it.
    Result<rpc::AdminClient*> client();
    Result<rpc::ImportClient*> import_client();
    Result<rpc::FetchClient*> fetch_client();
    Result<settings::Settings> load_settings() const;
    std::string config_file() const;

    // The command that the command line chose, and what it ends with besides errors.
    std::function<Result<ExitStatus>()> chosen;

    static void print(std::string_view text);
    // One line for people, nothing for programs.
    void say(std::string_view text) const {
        if (!json) print(cat(text, "\n"));
    }

  private:
    struct Way {
        std::string address;
        rpc::TlsFiles tls;
    };
    Way way() const;

    std::unique_ptr<rpc::AdminClient> client_;
    std::unique_ptr<rpc::ImportClient> import_client_;
    std::unique_ptr<rpc::FetchClient> fetch_client_;
};

// Adds a command. `run` is called when the whole command line has been understood, and gives a Result<ExitStatus>.
template <class Run>
CLI::App* command(CLI::App& parent, Context& context, const std::string& name, const std::string& help, Run run) {
    auto* app = parent.add_subcommand(name, help);
    app->callback([&context, run] { context.chosen = run; });
    return app;
}
// A command that has only commands below.
CLI::App* group(CLI::App& parent, const std::string& name, const std::string& help);

struct NoLook {
    void operator()(const google::protobuf::Message&) const {}
};
// Does one call and shows its reply: as JSON, or by `show`, which returns the text for people. `look` sees it anyway.
template <class Reply, class Request, class Show, class Look = NoLook>
Result<ExitStatus> call(Context& context, Result<Reply> (rpc::AdminClient::*method)(const Request&),
                        const Request& request, Show show, Look look = {}) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    auto reply = ((*client)->*method)(request);
    if (!reply) return fail(std::move(reply.error()));
    look(*reply);
    if (context.json) Context::print(cat(to_json(*reply), "\n"));
    else Context::print(show(*reply));
    return ExitStatus::ok;
}

// A list: a JSON array, or a table whose rows `add_row` makes.
template <class Item, class Request, class AddRow>
Result<ExitStatus> list(Context& context,
                        Result<void> (rpc::AdminClient::*method)(const Request&,
                                                                 const rpc::AdminClient::Visit<Item>&),
                        const Request& request, Table table, AddRow add_row) {
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    std::size_t items = 0;
    auto listed = ((*client)->*method)(request, [&](const Item& item) {
        if (context.json) Context::print(cat(items == 0 ? "[" : ",\n ", to_json(item)));
        else add_row(table, item);
        ++items;
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    if (context.json) Context::print(items == 0 ? "[]\n" : "]\n");
    else Context::print(table.empty() ? "none\n" : table.text());
    return ExitStatus::ok;
}

// The commands, one file each.
void add_domain_command(CLI::App& app, Context& context);
void add_account_command(CLI::App& app, Context& context);
void add_account_password_commands(CLI::App& account, Context& context);
void add_account_bulk_commands(CLI::App& account, Context& context);
void add_alias_command(CLI::App& app, Context& context);
void add_folder_command(CLI::App& app, Context& context);
void add_counters_command(CLI::App& app, Context& context);
void add_imap4_command(CLI::App& app, Context& context);
void add_convert_command(CLI::App& app, Context& context);
void add_convert_guide(CLI::App& convert, Context& context);
void add_folders_command(CLI::App& app, Context& context);
void add_dkim_command(CLI::App& app, Context& context);
void add_srs_command(CLI::App& app, Context& context);
void add_plugin_command(CLI::App& app, Context& context);
void add_quota_command(CLI::App& app, Context& context);
void add_import_command(CLI::App& app, Context& context);
void add_migrate_command(CLI::App& app, Context& context);
void add_migrate_checklist(CLI::App& migrate, Context& context);
void add_fetch_command(CLI::App& app, Context& context);
void add_fetch_runs(CLI::App& fetch, Context& context);
void add_plugin_kit(CLI::App& plugin, Context& context);
void add_plugin_look(CLI::App& plugin, Context& context);
void add_export_command(CLI::App& app, Context& context);
void add_queue_command(CLI::App& app, Context& context);
void add_route_command(CLI::App& app, Context& context);
void add_trace_command(CLI::App& app, Context& context);
void add_send_command(CLI::App& app, Context& context);
void add_undelete_command(CLI::App& app, Context& context);
void add_store_command(CLI::App& app, Context& context);
void add_backup_command(CLI::App& app, Context& context);
void add_status_command(CLI::App& app, Context& context);
void add_config_command(CLI::App& app, Context& context);
void add_doctor_command(CLI::App& app, Context& context);
void add_log_command(CLI::App& app, Context& context);
void add_completion_command(CLI::App& app, Context& context);

// What can follow these words: commands and options of the command that they name, one a line. For the scripts of
// `completion`, which ask by `adminctl complete -- WORDS`.
std::string completions(const CLI::App& root, const std::vector<std::string>& words);

// Parses and runs; for main() and tests.
int run(int argc, const char* const* argv);

}  // namespace tayori::admin
