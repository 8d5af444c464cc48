// One plugin at one scope: its rows as a mutation or a reader sees them, what they say, and how they are changed.
#pragma once

#include <optional>
#include <string>

#include "spoold/plugin/settings.h"

namespace tayori::spool {

// PluginScope.scope, looked up: the names are normalised, and what they name is there.
struct Scope {
    plugin::Scope kind = plugin::Scope::site;
    std::string name;         // domain or address; empty: the site
    std::string domain;
    std::uint64_t account = 0;
    std::string row_key() const;  // of its own settings
};
// invalid, not_found.
Result<Scope> find_scope(const Rows& rows, const std::string& scope);

struct ScopeSettings {
    StoredPluginSettings site, domain, account;

    static Result<ScopeSettings> read(const Rows& rows, const Scope& scope);
    StoredPluginSettings& own(const Scope& scope);
    ScopedRows rows(const Scope& scope) const;
};
void write_settings_row(store::Transaction& transaction, const Scope& scope, const StoredPluginSettings& own);

// `declared` null: no daemon has loaded it yet. not_found: nor do settings name it.
v1::PluginView view_of(const ScopeSettings& settings, const Scope& scope, const std::string& plugin, const DeclaredPtr& declared);

// Changes of own settings; invalid. `declared` null where `choice` does not enable.
Result<void> apply_choice(StoredPluginSettings& own, const Scope& scope, const std::string& plugin, const DeclaredPtr& declared,
                          v1::PluginChoice choice);
Result<void> apply_settings(StoredPluginSettings& own, const Scope& scope, const Declared& declared, const v1::SetPluginRequest& request);

}  // namespace tayori::spool
