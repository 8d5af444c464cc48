#include "common/lua/plugin_set.h"

#include <algorithm>

namespace tayori::lua {

const Plugin* PluginSet::find(const std::string& name) const {
    const auto at = std::lower_bound(plugins.begin(), plugins.end(), name,
                                     [](const auto& plugin, const std::string& wanted) { return plugin->declaration.name < wanted; });
    return at != plugins.end() && (*at)->declaration.name == name ? at->get() : nullptr;
}

}  // namespace tayori::lua
