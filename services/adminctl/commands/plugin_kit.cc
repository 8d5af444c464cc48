// adminctl plugin new|check|test: the kit for people who write plugins. No server is needed.
#include <filesystem>

#include <nlohmann/json.hpp>

#include "adminctl/commands/plugin_kit.h"
#include "adminctl/plugin/describe.h"
#include "adminctl/plugin/new_plugin.h"
#include "adminctl/plugin/test_run.h"
#include "common/settings/plugins.h"

namespace tayori::admin {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

Result<std::vector<std::string>> find_plugins(const Context& context, const std::vector<std::string>& what) {
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

namespace {

Result<ExitStatus> run_new(Context& context, const std::string& name, const std::string& directory, const std::string& hook) {
    auto made = kit::make_plugin(name, directory, hook);
    if (!made) return fail(std::move(made.error()));
    context.say(cat("Made ", *made, " with plugin.lua, README.md and tests/first.txt. Next:\n  adminctl plugin check ", *made,
                    "\n  adminctl plugin test ", *made));
    return ExitStatus::ok;
}

Result<ExitStatus> run_check(Context& context, const std::vector<std::string>& what) {
    auto directories = find_plugins(context, what);
    if (!directories) return fail(std::move(directories.error()));
    bool wrong = false;
    for (const auto& directory : *directories) {
        auto loaded = lua::PluginSet::load_plugin(directory, lua::Limits());
        if (loaded) {
            if (auto asked = kit::ask_needs(*loaded); !asked) loaded = fail(std::move(asked.error()));
        }
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
    auto directories = find_plugins(context, what);
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
        std::error_code none;
        const auto folder = (fs::absolute(directory, none) / "").lexically_normal().parent_path();  // also of "x/" and "."
        const auto name = folder.filename().string();
        context.say(cat("  ", name, ": ", result->passed, " passed, ", result->failures.size(), " failed"));
    }
    if (context.json)
        Context::print(cat(nlohmann::ordered_json{{"passed", passed}, {"failed", failed}, {"failures", rows}}.dump(1), "\n"));
    context.say(cat("plugins: ", passed, " passed, ", failed, " failed"));
    return failed == 0 ? ExitStatus::ok : ExitStatus::problems;
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
}

}  // namespace tayori::admin
