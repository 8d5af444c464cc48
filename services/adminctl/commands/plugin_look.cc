// adminctl plugin replay|trace|run: what plugins decide about mail that is there already. Only `run --apply` changes anything.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include <nlohmann/json.hpp>

#include "adminctl/commands/plugin_kit.h"
#include "adminctl/plugin/look.h"
#include "adminctl/plugin/mail_text.h"
#include "adminctl/plugin/stored_work.h"
#include "common/base/clock.h"
#include "common/plugin/declaration.h"

namespace tayori::admin {
namespace {

constexpr std::uint64_t kTracedMailBytesMax = 64 * 1024 * 1024;

struct LookOptions {
    std::vector<std::string> plugins;
    kit::Choice choice;
    std::string file, settings_file;
    bool apply = false;
};

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Kind::not_found, cat("There is no file ", path, "."));
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

// What holds for the account in the end, or what the file says.
Result<std::string> settings_of(Context& context, const plugin::Declaration& declaration, const LookOptions& options) {
    if (!options.settings_file.empty()) {
        auto text = read_text(options.settings_file);
        if (!text) return text;
        return plugin::check_settings(declaration, plugin::Scope::site, *text);
    }
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    v1::PluginScope scope;
    scope.set_plugin(declaration.name);
    scope.set_scope(options.choice.account);
    auto view = (*client)->get_plugin(scope);
    if (view) return view->effective_json();
    // A new one, which nobody has enabled yet, has its defaults.
    if (view.error().kind == Kind::not_found) return std::string("{}");
    return fail(std::move(view.error()));
}

Result<void> set_account(Context& context, kit::Stage& stage, const LookOptions& options) {
    stage.address = options.choice.account;
    if (!options.file.empty() && !options.settings_file.empty()) return {};  // all that is needed is here: no server is asked
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    return (*client)->list_aliases(v1::ListAliasesRequest(), [&stage](const v1::Alias& alias) {
        for (const auto& target : alias.targets())
            if (equals_ignoring_case(target, stage.address)) stage.aliases.push_back(alias.address());
        return true;
    });
}

Result<std::unique_ptr<kit::Stage>> make_stage(Context& context, const LookOptions& options) {
    auto directories = find_plugins(context, options.plugins);
    if (!directories) return fail(std::move(directories.error()));
    kit::Stage::Plugins plugins;
    for (const auto& directory : *directories) {
        auto loaded = lua::PluginSet::load_plugin(directory, lua::Limits());
        if (!loaded) return fail(std::move(loaded.error()));
        plugins.push_back(std::move(*loaded));
    }
    auto stage = std::make_unique<kit::Stage>(plugins);
    for (const auto& one : plugins) {
        auto settings = settings_of(context, one->declaration, options);
        if (!settings) return fail(std::move(settings.error()));
        stage->set_settings(one->declaration.name, std::move(*settings));
    }
    if (auto set = set_account(context, *stage, options); !set) return fail(std::move(set.error()));
    return stage;
}

Result<std::vector<kit::StoredMail>> mails_of(Context& context, const LookOptions& options) {
    if (options.file.empty()) {
        auto client = context.import_client();
        if (!client) return fail(std::move(client.error()));
        return kit::read_stored(**client, options.choice);
    }
    auto content = kit::read_mail(options.file, kTracedMailBytesMax);
    if (!content) return fail(std::move(content.error()));
    return std::vector<kit::StoredMail>{{0, SystemClock().now_ms() / kMillisPerSecond, std::move(*content)}};
}

ExitStatus status_of(const std::vector<kit::Looked>& looked) {
    const bool failed = std::any_of(looked.begin(), looked.end(), [](const auto& one) { return !one.outcome.failures.empty(); });
    return failed ? ExitStatus::problems : ExitStatus::ok;
}

Result<ExitStatus> look(Context& context, const LookOptions& options) {
    auto stage = make_stage(context, options);
    if (!stage) return fail(std::move(stage.error()));
    auto mails = mails_of(context, options);
    if (!mails) return fail(std::move(mails.error()));
    std::vector<kit::Looked> looked;
    for (const auto& mail : *mails) looked.push_back(kit::look_at(**stage, mail));
    if (context.json) Context::print(cat(kit::to_json(looked), "\n"));
    else if (options.choice.last != 0) Context::print(kit::replay_text(looked));
    else for (const auto& one : looked) Context::print(kit::trace_text(one));
    return status_of(looked);
}

// Of a folder's mails those that something is decided about, and what would be done to them.
struct Run {
    kit::StoredWork work;
    std::vector<kit::Looked> looked;
    std::map<std::uint32_t, std::string> said;
    std::size_t mails = 0;
};

Result<Run> plan_run(Context& context, const LookOptions& options) {
    auto stage = make_stage(context, options);
    if (!stage) return fail(std::move(stage.error()));
    auto admin = context.client();
    auto mails = context.import_client();
    if (!admin || !mails) return fail(std::move(admin ? mails.error() : admin.error()));
    v1::AccountFoldersRequest request;
    request.set_address(options.choice.account);
    auto folders = (*admin)->list_account_folders(request);
    if (!folders) return fail(std::move(folders.error()));

    std::vector<kit::Looked> looked;
    std::size_t seen = 0;
    auto folder = kit::visit_stored(**mails, options.choice.account, options.choice.folder, [&](kit::StoredMail mail) {
        ++seen;
        auto one = kit::look_at(**stage, mail);
        if (!one.outcome.done.empty() || !one.outcome.failures.empty()) looked.push_back(std::move(one));
    });
    if (!folder) return fail(std::move(folder.error()));
    if (folder->form == v1::MAILBOX_FORM_POP3)
        return fail(Kind::invalid, cat(options.choice.account, " is in POP3 form, without folders and flags: `adminctl convert start` first."));
    Run run{{options.choice.account, std::move(folder->folder), std::move(*folders)}, std::move(looked), {}, seen};
    for (const auto& one : run.looked) run.said[one.uid] = run.work.add(one.uid, one.outcome);
    return run;
}

std::string run_json(const Run& run, bool applied) {
    auto rows = nlohmann::ordered_json::array();
    for (const auto& one : run.looked)
        rows.push_back({{"uid", one.uid}, {"sender", one.sender}, {"subject", one.subject}, {"what", run.said.at(one.uid)}});
    const nlohmann::ordered_json out{{"applied", applied}, {"mails", run.mails}, {"flagged", run.work.flagged()},
                                     {"moved", run.work.moved()}, {"copied", run.work.copied()}, {"decided", rows}};
    return out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string run_text(const Run& run, bool applied, std::size_t gone) {
    std::string out;
    if (!run.looked.empty())
        out = cat(kit::table_of(run.looked, applied ? "DONE" : "WOULD BE DONE", [&run](const auto& one) { return run.said.at(one.uid); }), "\n");
    append(out, "Of ", run.mails, " mails ", run.work.flagged(), " get flags, ", run.work.moved(), " move, ", run.work.copied(),
           " are copied.");
    if (gone > 0) append(out, " ", gone, " were gone meanwhile.");
    out += applied ? " Done.\n" : " Nothing was changed: --apply does it.\n";
    return out;
}

Result<ExitStatus> run(Context& context, const LookOptions& options) {
    auto planned = plan_run(context, options);
    if (!planned) return fail(std::move(planned.error()));
    std::size_t gone = 0;
    if (options.apply) {
        auto client = context.client();
        if (!client) return fail(std::move(client.error()));
        auto applied = planned->work.apply(**client);
        if (!applied) return fail(std::move(applied.error()));
        gone = *applied;
    }
    Context::print(context.json ? run_json(*planned, options.apply) : run_text(*planned, options.apply, gone));
    return status_of(planned->looked);
}

// What all three ask for.
void add_look_options(CLI::App& command, LookOptions& options, const char* whose) {
    command.add_option("PLUGIN", options.plugins, "names or folders, run in their order together")->required();
    command.add_option("--account", options.choice.account, whose)->required();
    command.add_option("--folder", options.choice.folder, "else INBOX");
    command.add_option("--settings", options.settings_file, "a JSON file instead of the account's settings");
}

void add_replay(CLI::App& plugin, Context& context) {
    auto options = std::make_shared<LookOptions>();
    options->choice.last = 50;
    auto* replay = command(plugin, context, "replay", "what plugins would have done with stored mail; changes nothing",
                           [&context, options] { return look(context, *options); });
    add_look_options(*replay, *options, "whose mail and settings");
    replay->add_option("--last", options->choice.last, "the newest so many mails; else 50")
        ->check(CLI::Range(std::size_t{1}, kit::kStoredMailsMax));
}

void add_trace(CLI::App& plugin, Context& context) {
    auto options = std::make_shared<LookOptions>();
    const auto run = [&context, options] {
        if (options->file.empty() == (options->choice.uid == 0))
            throw CLI::ValidationError("plugin trace", "name the mail by --file, or by --uid and --folder");
        return look(context, *options);
    };
    auto* trace = command(plugin, context, "trace", "which plugin, line and rule decide what of one mail; changes nothing", run);
    add_look_options(*trace, *options, "whose settings");
    trace->add_option("--file", options->file, "the mail");
    trace->add_option("--uid", options->choice.uid, "a stored mail of --folder");
}

void add_run(CLI::App& plugin, Context& context) {
    auto options = std::make_shared<LookOptions>();
    auto* command_run = command(plugin, context, "run", "applies plugins to mail that is stored already: shows what, and with --apply does it",
                                [&context, options] { return run(context, *options); });
    add_look_options(*command_run, *options, "whose mail and settings");
    command_run->add_flag("--apply", options->apply, "flags, moves and copies; what would write to somebody is not done");
}

}  // namespace

void add_plugin_look(CLI::App& plugin, Context& context) {
    add_replay(plugin, context);
    add_trace(plugin, context);
    add_run(plugin, context);
}

}  // namespace tayori::admin
