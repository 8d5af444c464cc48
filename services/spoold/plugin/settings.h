// What follows from the settings of site, domain and account for one plugin. Pure: rows in, values out.
//
// Settings: the declared defaults, below the site's, below the domain's, below those of approved imports (in the order of their
// files), below the account's own. Enabled: the nearest scope that says so; an approved import is the account's saying yes. Order:
// the site's, else the declared one; then by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spoold/plugin/declarations.h"
#include "tayori/spool/stored/v1/directory.pb.h"
#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::spool {

using stored::v1::StoredPluginSettings;

// "" the site, a domain, or an account's address: PluginScope.scope.
plugin::Scope kind_of_scope(std::string_view scope);

const StoredPluginSettings::Entry* own_entry(const StoredPluginSettings& settings, std::string_view plugin);
// Null: there is room for no more. Made where it is missing.
StoredPluginSettings::Entry* own_entry_for(StoredPluginSettings& settings, std::string_view plugin);
// Entries that say nothing are no entries.
void drop_empty_entries(StoredPluginSettings& settings);

// The rows of the scopes around something; null: it has none, or they don't reach so far (of the site's own: only `site`).
struct ScopedRows {
    const StoredPluginSettings* site = nullptr;
    const StoredPluginSettings* domain = nullptr;
    const StoredPluginSettings* account = nullptr;
};
bool is_enabled(const ScopedRows& rows, std::string_view plugin);
std::uint32_t order_of(const ScopedRows& rows, const plugin::Declaration& declaration);
// What is set, without the declared defaults. An approved import that is not what the plugin declares counts as empty; `unfit` gets
// its file.
std::string settings_of(const ScopedRows& rows, const plugin::Declaration& declaration, std::vector<std::string>* unfit = nullptr);

// All that is enabled, in the order in which it runs.
v1::PluginProfile profile_of(const ScopedRows& rows, const std::vector<DeclaredPtr>& declared);

}  // namespace tayori::spool
