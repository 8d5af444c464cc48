#include "adminctl/plugin/describe.h"

#include <filesystem>

#include "adminctl/table.h"
#include "common/base/text.h"
#include "common/lua/engine.h"

namespace tayori::admin::kit {
namespace {

std::string_view type_name(plugin::Type type) {
    switch (type) {
        case plugin::Type::boolean: return "boolean";
        case plugin::Type::integer: return "integer";
        case plugin::Type::size: return "size";
        case plugin::Type::duration: return "duration";
        case plugin::Type::text: return "text";
        case plugin::Type::choice: return "choice";
        case plugin::Type::address: return "address";
        case plugin::Type::pattern: return "pattern";
        case plugin::Type::date: return "date";
        case plugin::Type::record: return "record";
        case plugin::Type::list: return "list";
    }
    return "";
}

std::string_view scope_name(plugin::Scope scope) {
    switch (scope) {
        case plugin::Scope::site: return "site";
        case plugin::Scope::domain: return "domain";
        case plugin::Scope::account: return "account";
    }
    return "";
}

// "list of record {to, keep}", "choice utf-8, iso-2022-jp".
std::string type_text(const plugin::Setting& setting) {
    std::string out(type_name(setting.type));
    if (setting.type == plugin::Type::list && !setting.inner.empty()) return cat(out, " of ", type_text(setting.inner.front()));
    std::string names;
    for (const auto& field : setting.inner) append(names, names.empty() ? "" : ", ", field.name);
    for (const auto& choice : setting.choices) append(names, names.empty() ? "" : ", ", choice);
    return names.empty() ? out : cat(out, " {", names, "}");
}

void missing_words(const plugin::Setting& setting, const std::string& path, std::vector<std::string>& out) {
    if (setting.about.en.empty()) out.push_back(cat("the setting ", path, " has no `about`: people will have to guess"));
    else if (setting.about.ja.empty()) out.push_back(cat("the setting ", path, " has no Japanese `about`"));
}

}  // namespace

std::string declaration_text(const lua::Plugin& plugin) {
    const auto& declared = plugin.declaration;
    std::string hooks;
    for (const auto& hook : declared.hooks) append(hooks, hooks.empty() ? "" : ", ", hook);
    const auto* failing = declared.failure == plugin::OnFailure::tempfail ? "mail waits" : "mail goes on";
    auto out = cat(declared.name, declared.version.empty() ? "" : " ", declared.version, ": ", printable(declared.about.en), "\n");
    append(out, "  hooks: ", hooks, "\n  order ", declared.order, ", ", failing, " when it fails",
           declared.reads_state ? ", reads what it keeps" : "", "\n");
    Table table;
    table.column("SETTING");
    table.column("TYPE");
    table.column("SCOPE");
    table.column("DEFAULT");
    constexpr std::size_t kTypeCells = 60, kDefaultCells = 30;
    for (const auto& setting : declared.settings)
        table.row({setting.name, shortened(type_text(setting), kTypeCells), std::string(scope_name(setting.scope)),
                   shortened(setting.default_json, kDefaultCells)});
    return table.empty() ? out : cat(out, table.text());
}

Result<void> ask_needs(const std::shared_ptr<const lua::Plugin>& plugin) {
    auto set = std::make_shared<lua::PluginSet>();
    set->plugins.push_back(plugin);
    lua::Engine engine(std::move(set), lua::Limits());
    lua::Profile unset;
    unset.plugins.push_back({plugin->declaration.name, "{}"});
    const auto& runs = engine.plugins_of(unset).front();
    if (!runs.failure.empty()) return fail(Kind::invalid, runs.failure);
    return {};
}

std::vector<std::string> missing(const lua::Plugin& plugin) {
    std::vector<std::string> out;
    std::error_code code;
    const std::filesystem::path folder(plugin.directory);
    if (plugin.declaration.hooks.empty()) out.push_back("it has no hook, and so never runs");
    if (plugin.declaration.about.en.empty()) out.push_back("it does not say what it is for (`about`)");
    if (!std::filesystem::exists(folder / "README.md", code)) out.push_back("README.md is missing");
    if (!std::filesystem::exists(folder / "tests", code)) out.push_back("there are no tests");
    for (const auto& setting : plugin.declaration.settings) missing_words(setting, setting.name, out);
    return out;
}

}  // namespace tayori::admin::kit
