#include "common/lua/plugin_set.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/lua/state.h"

namespace tayori::lua {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMainFile = "plugin.lua";
constexpr int kSourceDepthMax = 4;  // folders within a plugin's
constexpr std::size_t kHashHexDigits = 16;

using Sources = std::map<std::string, std::string>;

Result<std::string> read_source(const fs::path& path, const std::string& name) {
    std::string out(kSourceBytesMax + 1, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(out.data(), static_cast<std::streamsize>(out.size()));
    if (file.bad() || (!file && !file.eof())) return fail(Kind::invalid, cat(name, ": can't be read"), path.string());
    out.resize(static_cast<std::size_t>(file.gcount()));
    if (out.size() > kSourceBytesMax)
        return fail(Kind::invalid, cat(name, ": is longer than ", kSourceBytesMax, " bytes; split it with require"));
    return out;
}

// All Lua files but those of the plugin's own tests, which are no part of it.
Result<Sources> read_sources(const fs::path& directory, const std::string& plugin) {
    Sources out;
    std::error_code error;
    const fs::recursive_directory_iterator end;
    for (auto at = fs::recursive_directory_iterator(directory, error); !error && at != end; at.increment(error)) {
        const auto name = fs::relative(at->path(), directory, error).generic_string();
        const auto file = at->path().filename().string();
        if (at->is_directory(error)) {
            if (file.starts_with('.') || name == "tests" || at.depth() + 1 >= kSourceDepthMax) at.disable_recursion_pending();
            continue;
        }
        if (file.starts_with('.') || at->path().extension() != ".lua" || !at->is_regular_file(error)) continue;
        if (out.size() == kSourceFilesMax) return fail(Kind::invalid, cat(plugin, ": has more than ", kSourceFilesMax, " files"));
        auto source = read_source(at->path(), cat(plugin, "/", name));
        if (!source) return fail(std::move(source.error()));
        out[name] = std::move(*source);
    }
    if (error) return fail(Kind::invalid, cat(plugin, ": its folder can't be read"), error.message());
    if (!out.contains(std::string(kMainFile))) return fail(Kind::invalid, cat(plugin, ": has no ", kMainFile), directory.string());
    return out;
}

std::string hash_of(const Sources& sources) {
    std::string all;
    for (const auto& [name, source] : sources) append(all, name.size(), ":", name, source.size(), ":", source);
    return hex_encode(crypto::sha256(all)).substr(0, kHashHexDigits);
}

}  // namespace

const Plugin* PluginSet::find(const std::string& name) const {
    const auto at = std::lower_bound(plugins.begin(), plugins.end(), name,
                                     [](const auto& plugin, const std::string& wanted) { return plugin->declaration.name < wanted; });
    return at != plugins.end() && (*at)->declaration.name == name ? at->get() : nullptr;
}

Result<std::shared_ptr<const Plugin>> PluginSet::load_plugin(const std::string& directory, const Limits& limits) {
    auto path = fs::path(directory);
    if (path.filename().empty()) path = path.parent_path();  // "plugins/filter/"
    if (path.filename() == "." || path.filename() == "..") path = (fs::absolute(path) / "").lexically_normal().parent_path();
    const auto name = path.filename().string();
    if (!plugin::is_name(name)) {
        return fail(Kind::invalid, cat("\"", name, "\" is no name for a plugin's folder: write a letter, then letters, digits and _, in ",
                                       "lower case, at most ", plugin::kNameBytesMax));
    }
    auto sources = read_sources(path, name);
    if (!sources) return fail(std::move(sources.error()));
    auto state = State::open(*sources, name, limits);
    if (!state) return fail(std::move(state.error()));
    auto declaration = plugin::parse_declaration((*state)->declaration_json());
    if (!declaration) return fail(std::move(declaration.error()));
    auto hash = hash_of(*sources);
    return std::make_shared<const Plugin>(
        Plugin{std::move(*declaration), directory, std::move(*sources), std::move(hash), (*state)->has(kNeeds)});
}

Result<std::shared_ptr<const PluginSet>> PluginSet::load(const std::vector<std::string>& directories, const Limits& limits) {
    std::map<std::string, std::string> folders;  // by name
    for (const auto& directory : directories) {
        std::error_code error;
        for (auto at = fs::directory_iterator(directory, error); !error && at != fs::directory_iterator(); at.increment(error)) {
            std::error_code none;
            if (fs::is_regular_file(at->path() / kMainFile, none)) folders[at->path().filename().string()] = at->path().string();
        }
        if (error && error != std::errc::no_such_file_or_directory)
            return fail(Kind::invalid, "A directory of plugins can't be read.", cat(directory, ": ", error.message()));
    }
    if (folders.size() > kPluginsMax)
        return fail(Kind::invalid, cat("there are ", folders.size(), " plugins; at most ", kPluginsMax, " are loaded"));
    auto set = std::make_shared<PluginSet>();
    for (const auto& [name, directory] : folders) {
        auto plugin = load_plugin(directory, limits);
        if (!plugin) return fail(std::move(plugin.error()));
        set->plugins.push_back(std::move(*plugin));
    }
    return std::shared_ptr<const PluginSet>(std::move(set));
}

}  // namespace tayori::lua
