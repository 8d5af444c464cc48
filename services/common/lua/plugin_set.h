// Plugins as they lie on the disk, read and tried: each declares itself in a state of its own, so that what can't be loaded is known
// before anything else is given up. Immutable; shared by all that runs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/lua/limits.h"
#include "common/plugin/declaration.h"

namespace tayori::lua {

struct Plugin {
    plugin::Declaration declaration;
    std::string directory;
    std::map<std::string, std::string> sources;  // by name: "plugin.lua", what it requires
    std::string hash;                            // of the sources, 16 hex digits
    bool has_needs = false;                      // the function of that name (state.h)
};

struct PluginSet {
    std::vector<std::shared_ptr<const Plugin>> plugins;  // by name
    const Plugin* find(const std::string& name) const;

    // All folders with a plugin.lua in these directories; of two of the same name the later directory's is taken. A directory that is
    // not there has none. invalid: the first that does not load, with file and line; nothing is loaded then.
    static Result<std::shared_ptr<const PluginSet>> load(const std::vector<std::string>& directories, const Limits& limits);
    // One folder.
    static Result<std::shared_ptr<const Plugin>> load_plugin(const std::string& directory, const Limits& limits);
};

}  // namespace tayori::lua
