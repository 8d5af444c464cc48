// adminctl config check|show: without spoold.
#include <cstdio>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

Result<ExitStatus> check(Context& context, const std::string& file) {
    const auto path = file.empty() ? context.config_file() : file;
    auto settings = settings::load(path, settings::process_environment());
    const auto name = path.empty() ? std::string("no file: the defaults and the environment") : path;
    if (context.json)
        Context::print(cat("{\"file\": ", json_string(path), ", \"right\": ", settings ? "true" : "false",
                           ", \"problems\": ", json_string(settings ? "" : settings.error().text), "}\n"));
    if (!settings) {
        if (!context.json) std::fprintf(stderr, "%s\n", settings.error().text.c_str());
        return ExitStatus::settings;
    }
    context.say(cat("The settings are right (", name, ")."));
    return ExitStatus::ok;
}

Result<ExitStatus> show(Context& context, settings::Which which) {
    auto settings = context.load_settings();
    if (!settings) {
        std::fprintf(stderr, "%s\n", settings.error().text.c_str());
        return ExitStatus::settings;
    }
    const auto text = settings::show(*settings, which);
    if (context.json) Context::print(cat("{\"toml\": ", json_string(text), "}\n"));
    else Context::print(text.empty() ? "# Everything is as by default; --all shows it.\n" : text);
    return ExitStatus::ok;
}

}  // namespace

void add_config_command(CLI::App& app, Context& context) {
    auto* config = group(app, "config", "the settings in tayori.toml and the environment");
    auto file = std::make_shared<std::string>();
    auto all = std::make_shared<bool>(false);
    auto* check_it = command(*config, context, "check", "says what is wrong, with line and what would be right",
                             [&context, file] { return check(context, *file); });
    check_it->add_option("FILE", *file, "another file than the one in force");
    auto* show_it = command(*config, context, "show", "shows what differs from the defaults, in force here", [&context, all] {
        return show(context, *all ? settings::Which::all : settings::Which::changed);
    });
    show_it->add_flag("--all", *all, "every setting");
}

}  // namespace tayori::admin
