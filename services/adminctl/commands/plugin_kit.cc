// adminctl plugin new|check|test|replay|trace: the kit for people who write plugins. None of it changes anything on the server.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "adminctl/context.h"
#include "adminctl/plugin/describe.h"
#include "adminctl/plugin/look.h"
#include "adminctl/plugin/mail_text.h"
#include "adminctl/plugin/new_plugin.h"
#include "adminctl/plugin/test_run.h"
#include "common/base/clock.h"
#include "common/settings/plugins.h"

namespace tayori::admin {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTracedMailBytesMax = 64 * 1024 * 1024;

bool is_plugin(const fs::path& directory) {
    std::error_code code;
    return fs::exists(directory / "plugin.lua", code);
}

// A folder, or the name of a plugin of the site or of those that come with Tayori.
Result<std::string> find_plugin(const Context& context, const std::string& what) {
    if (is_plugin(what)) return what;
    if (!plugin::is_name(what)) return fail(Kind::not_found, cat(what, " is no folder with a plugin.lua."));
    auto settings = context.load_settings();
    if (!settings) return fail(std::move(settings.error()));
    auto directories = settings::shipped_plugin_directories(*settings);
    directories.insert(directories.begin(), settings::site_plugin_directory(*settings));
    for (const auto& directory : directories)
        if (is_plugin(fs::path(directory) / what)) return cat(directory, "/", what);
    return fail(Kind::not_found, cat("There is no plugin ", what, "; `adminctl plugin list` shows which there are, and a folder will do."));
}

// Of several folders those that are plugins, so that `plugins/*` can be written; one alone has to be one.
Result<std::vector<std::string>> find_all(const Context& context, const std::vector<std::string>& what) {
    std::vector<std::string> out;
    std::error_code code;
    for (const auto& one : what) {
        if (what.size() > 1 && fs::is_directory(one, code) && !is_plugin(one)) continue;
        auto found = find_plugin(context, one);
        if (!found) return fail(std::move(found.error()));
        out.push_back(std::move(*found));
    }
    if (out.empty()) return fail(Kind::not_found, "None of these is a folder with a plugin.lua.");
    return out;
}

Result<ExitStatus> run_new(Context& context, const std::string& name, const std::string& directory, const std::string& hook) {
    auto made = kit::make_plugin(name, directory, hook);
    if (!made) return fail(std::move(made.error()));
    context.say(cat("Made ", *made, " with plugin.lua, README.md and tests/first.txt. Next:\n  adminctl plugin check ", *made,
                    "\n  adminctl plugin test ", *made));
    return ExitStatus::ok;
}

Result<ExitStatus> run_check(Context& context, const std::vector<std::string>& what) {
    auto directories = find_all(context, what);
    if (!directories) return fail(std::move(directories.error()));
    bool wrong = false;
    for (const auto& directory : *directories) {
        auto loaded = lua::PluginSet::load_plugin(directory, lua::Limits());
        if (!loaded) {
            wrong = true;
            Context::print(cat("WRONG ", directory, "\n  ", printable(loaded.error().text), "\n"));
            continue;
        }
        if (context.json) {
            Context::print(cat(plugin::to_json((*loaded)->declaration), "\n"));
            continue;
        }
        Context::print(kit::declaration_text(**loaded));
        for (const auto& one : kit::missing(**loaded)) Context::print(cat("  note: ", one, "\n"));
    }
    return wrong ? ExitStatus::problems : ExitStatus::ok;
}

void print_failure(const kit::TestFailure& failure) {
    auto out = cat(printable(failure.at), failure.what.empty() ? "" : ": ", printable(failure.what), "\n");
    if (!failure.got.empty())
        append(out, "  expected: ", printable(failure.expected), "\n  got:      ", printable(failure.got), "\n");
    Context::print(out);
}

Result<ExitStatus> run_test(Context& context, const std::vector<std::string>& what) {
    auto directories = find_all(context, what);
    if (!directories) return fail(std::move(directories.error()));
    std::size_t passed = 0, failed = 0;
    auto rows = nlohmann::ordered_json::array();
    for (const auto& directory : *directories) {
        auto result = kit::run_tests(directory);
        if (!result) {
            result = kit::TestResult{0, {{directory, result.error().text, {}, {}}}};
        }
        passed += result->passed;
        failed += result->failures.size();
        for (const auto& failure : result->failures) {
            rows.push_back({{"at", failure.at}, {"what", failure.what}, {"expected", failure.expected}, {"got", failure.got}});
            if (!context.json) print_failure(failure);
        }
        const auto name = fs::path(directory).lexically_normal().filename().string();
        context.say(cat("  ", name, ": ", result->passed, " passed, ", result->failures.size(), " failed"));
    }
    if (context.json)
        Context::print(cat(nlohmann::ordered_json{{"passed", passed}, {"failed", failed}, {"failures", rows}}.dump(1), "\n"));
    context.say(cat("plugins: ", passed, " passed, ", failed, " failed"));
    return failed == 0 ? ExitStatus::ok : ExitStatus::problems;
}

struct LookOptions {
    std::vector<std::string> plugins;
    kit::Choice choice;
    std::string file, settings_file;
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
    auto directories = find_all(context, options.plugins);
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

Result<ExitStatus> look(Context& context, const LookOptions& options) {
    auto stage = make_stage(context, options);
    if (!stage) return fail(std::move(stage.error()));
    auto mails = mails_of(context, options);
    if (!mails) return fail(std::move(mails.error()));
    const auto looked = kit::look_at(**stage, std::move(*mails));
    if (context.json) Context::print(cat(kit::to_json(looked), "\n"));
    else if (options.choice.last != 0) Context::print(kit::replay_text(looked));
    else for (const auto& one : looked) Context::print(kit::trace_text(one));
    for (const auto& one : looked)
        if (!one.outcome.failures.empty()) return ExitStatus::problems;
    return ExitStatus::ok;
}

void add_replay(CLI::App& plugin, Context& context) {
    auto options = std::make_shared<LookOptions>();
    options->choice.last = 50;
    auto* replay = command(plugin, context, "replay", "what plugins would have done with stored mail; changes nothing",
                           [&context, options] { return look(context, *options); });
    replay->add_option("PLUGIN", options->plugins, "names or folders, run in their order together")->required();
    replay->add_option("--account", options->choice.account, "whose mail and settings")->required();
    replay->add_option("--folder", options->choice.folder, "else INBOX");
    replay->add_option("--last", options->choice.last, "the newest so many mails; else 50")
        ->check(CLI::Range(std::size_t{1}, kit::kStoredMailsMax));
    replay->add_option("--settings", options->settings_file, "a JSON file instead of the account's settings");
}

void add_trace(CLI::App& plugin, Context& context) {
    auto options = std::make_shared<LookOptions>();
    const auto run = [&context, options] {
        if (options->file.empty() == (options->choice.uid == 0))
            throw CLI::ValidationError("plugin trace", "name the mail by --file, or by --uid and --folder");
        return look(context, *options);
    };
    auto* trace = command(plugin, context, "trace", "which plugin, line and rule decide what of one mail; changes nothing", run);
    trace->add_option("PLUGIN", options->plugins, "names or folders, run in their order together")->required();
    trace->add_option("--account", options->choice.account, "whose settings")->required();
    trace->add_option("--file", options->file, "the mail");
    trace->add_option("--uid", options->choice.uid, "a stored mail of --folder");
    trace->add_option("--folder", options->choice.folder, "else INBOX");
    trace->add_option("--settings", options->settings_file, "a JSON file instead of the account's settings");
}

}  // namespace

void add_plugin_kit(CLI::App& plugin, Context& context) {
    struct Options {
        std::string name, directory = ".", hook = "deliver";
        std::vector<std::string> what;
    };
    auto options = std::make_shared<Options>();
    auto* make = command(plugin, context, "new", "writes a plugin that works, with its README and a test",
                         [&context, options] { return run_new(context, options->name, options->directory, options->hook); });
    make->add_option("NAME", options->name)->required();
    make->add_option("--dir", options->directory, "below which folder; else here");
    make->add_option("--hook", options->hook, "when it runs; else deliver (docs/plugins.md lists the hooks)");
    auto* check = command(plugin, context, "check", "says what is wrong with a plugin, or shows its hooks and settings",
                          [&context, options] { return run_check(context, options->what); });
    check->add_option("PLUGIN", options->what, "folders or names")->required();
    auto* test = command(plugin, context, "test", "runs the tests of plugins; no server is needed",
                         [&context, options] { return run_test(context, options->what); });
    test->add_option("PLUGIN", options->what, "folders or names; of several folders those that are no plugin are left out")->required();
    add_replay(plugin, context);
    add_trace(plugin, context);
}

}  // namespace tayori::admin
