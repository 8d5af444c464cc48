#include "common/settings/plugins.h"

#include <filesystem>

#include "common/settings/settings.h"

namespace tayori::settings {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPackagedPlugins = "/usr/share/tayori/plugins";

// Of a placed tree, DIR/bin/smtpd and DIR/share/plugins; of a checkout, build/PRESET/bin/smtpd and plugins.
constexpr const char* kBesideProgram[] = {"../share/plugins", "../../../plugins"};

std::string packaged_plugins() {
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        for (const auto* beside : kBesideProgram) {
            const auto found = (program.parent_path() / beside).lexically_normal();
            if (fs::is_directory(found, error)) return found.string();
        }
    }
    return kPackagedPlugins;
}

}  // namespace

std::vector<std::string> shipped_plugin_directories(const Settings& settings) {
    if (settings.plugins.directories.empty()) return {packaged_plugins()};
    std::vector<std::string> out;
    for (const auto& directory : settings.plugins.directories) out.push_back(settings.path(directory));
    return out;
}

std::string site_plugin_directory(const Settings& settings) { return settings.path(settings.plugins.site_directory); }

}  // namespace tayori::settings
