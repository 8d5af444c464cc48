#include "common/daemon/plugin_loading.h"

#include <algorithm>
#include <filesystem>

#include "common/base/text.h"

namespace tayori::daemon {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> plugin_folders(const std::string& directory) {
    std::vector<std::string> out;
    std::error_code error;
    for (auto at = fs::directory_iterator(directory, error); !error && at != fs::directory_iterator(); at.increment(error)) {
        std::error_code missing;
        if (fs::is_regular_file(at->path() / "plugin.lua", missing)) out.push_back(at->path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

void put_one(lua::PluginSet& set, std::shared_ptr<const lua::Plugin> plugin) {
    const auto& name = plugin->declaration.name;
    const auto at = std::lower_bound(set.plugins.begin(), set.plugins.end(), name,
                                     [](const auto& one, const std::string& other) { return one->declaration.name < other; });
    if (at != set.plugins.end() && (*at)->declaration.name == name) *at = std::move(plugin);
    else set.plugins.insert(at, std::move(plugin));
}

}  // namespace

std::vector<std::string> PluginPlaces::all() const {
    auto out = shipped;
    out.push_back(site);
    return out;
}

PluginPlaces plugin_places(const settings::Settings& settings) {
    return {settings::shipped_plugin_directories(settings), settings::site_plugin_directory(settings), settings.plugins.broken};
}

lua::Limits plugin_limits(const settings::Plugins& settings) {
    lua::Limits limits;
    limits.instructions = settings.instructions_max;
    limits.memory_bytes = settings.memory_bytes_max;
    limits.wall = settings.call_ms;
    limits.output_bytes = settings.output_bytes_max;
    limits.actions = settings.actions_max;
    limits.log_lines = settings.log_lines_max;
    limits.failures_max = settings.failures_max;
    limits.rest_min = settings.rest_min_s;
    limits.rest_max = settings.rest_max_s;
    limits.states = settings.states;
    limits.waiting_max = settings.waiting_max;
    return limits;
}

LoadedPlugins load_at_start(const PluginPlaces& places, const lua::Limits& limits) {
    auto all = lua::PluginSet::load(places.all(), limits);
    if (all) return {std::move(*all), {}};
    LoadedPlugins out;
    out.error = all.error().text;
    auto made = std::make_shared<lua::PluginSet>();
    // One folder of ours that is damaged must not take the others with it, either.
    if (auto shipped = lua::PluginSet::load(places.shipped, limits)) {
        *made = **shipped;
    } else {
        for (const auto& directory : places.shipped)
            for (const auto& folder : plugin_folders(directory))
                if (auto one = lua::PluginSet::load_plugin(folder, limits)) put_one(*made, std::move(*one));
    }
    if (places.broken == settings::BrokenPlugin::others) {
        out.error.clear();
        for (const auto& folder : plugin_folders(places.site)) {
            auto one = lua::PluginSet::load_plugin(folder, limits);
            if (one && made->plugins.size() < lua::kPluginsMax) put_one(*made, std::move(*one));
            else append(out.error, out.error.empty() ? "" : "\n", one ? cat(folder, ": too many plugins") : one.error().text);
        }
        if (out.error.empty()) out.error = all.error().text;
    }
    out.set = std::move(made);
    return out;
}

}  // namespace tayori::daemon
