// What main() needs: arguments, the file's place, the log.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "common/base/text.h"
#include "common/settings/settings.h"

namespace tayori::settings {
namespace {

constexpr int kExitConfig = 78;  // EX_CONFIG
constexpr int kExitUsage = 64;   // EX_USAGE
constexpr const char* kDefaultPath = "/etc/tayori/tayori.toml";

[[noreturn]] void leave(int status, std::string_view text) {
    std::fprintf(status == 0 ? stdout : stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    std::exit(status);
}

void check_arguments(std::string_view program, int argc, char** argv) {
    const auto usage = cat("usage: ", program, " [--config FILE] [--check] [--version] [--help]\n",
                           "Settings: docs/settings.md. TAYORI__SECTION__KEY in the environment overrides the file.");
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help") leave(0, usage);
        if (argument == "--version") leave(0, cat(program, " (Tayori) " TAYORI_VERSION));
        if (argument == "--check") continue;
        if (argument == "--config" && i + 1 < argc) ++i;
        else leave(kExitUsage, cat(program, ": unknown argument ", argument, "\n", usage));
    }
}

bool has_argument(int argc, char** argv, std::string_view wanted) {
    for (int i = 1; i < argc; ++i) {
        if (argv[i] == wanted) return true;
    }
    return false;
}

}  // namespace

std::string config_path(int argc, char** argv, const Environment& environment) {
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view(argv[i]) == "--config") return argv[i + 1];
    }
    const auto named = environment.find("TAYORI_CONFIG");
    if (named != environment.end()) return named->second;
    return access(kDefaultPath, F_OK) == 0 ? kDefaultPath : "";
}

Settings load_or_exit(std::string_view program, int argc, char** argv) {
    check_arguments(program, argc, argv);
    const auto environment = process_environment();
    auto settings = load(config_path(argc, argv, environment), environment);
    if (!settings) leave(kExitConfig, cat(program, ": the settings are wrong, so nothing was started\n",
                                          settings.error().text));
    if (has_argument(argc, argv, "--check")) leave(0, "The settings are right.");
    log_setup(program, settings->log.level, settings->log.format);
    return std::move(*settings);
}

}  // namespace tayori::settings
