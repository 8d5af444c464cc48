// Reading plugins from their folders: what runs where some of them do not load.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/lua/plugin_set.h"
#include "common/settings/settings.h"

namespace tayori::daemon {

struct PluginPlaces {
    std::vector<std::string> shipped;
    std::string site;
    settings::BrokenPlugin broken = settings::BrokenPlugin::shipped;
    std::vector<std::string> all() const;
};
PluginPlaces plugin_places(const settings::Settings& settings);
lua::Limits plugin_limits(const settings::Plugins& settings);

struct LoadedPlugins {
    std::shared_ptr<const lua::PluginSet> set;  // never null
    std::string error;                          // of what was left out: file, line and why; one line each
};
// At a start something has to run. Where a plugin does not load, only what came with Tayori is taken, or by the setting all others
// of the site, too.
LoadedPlugins load_at_start(const PluginPlaces& places, const lua::Limits& limits);

}  // namespace tayori::daemon
