// What an import keeps in the directory and takes back, inside mutations (spoold/legacy).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spoold/directory/account_rows.h"

namespace tayori::spool {

inline constexpr std::size_t kPluginSettingsBytesMax = 256 * 1024;  // of one plugin
inline constexpr std::size_t kPluginSettingsMax = 64;               // of one account
inline constexpr std::string_view kImportedAppPassword = "imported";

// Nobody has logged in since the import, nor ever before: it may be taken back. The first login ends that.
bool is_untouched(store::Transaction& transaction, std::uint64_t id);
void mark_untouched(store::Transaction& transaction, std::uint64_t id);
void unmark_untouched(store::Transaction& transaction, std::uint64_t id);

// Adds what is not there by plugin and file; `enable` approves also what is. invalid: no JSON object, too much.
Result<void> check_plugin_settings(const v1::PluginSettings& settings);
struct NewPluginSettings {
    std::vector<v1::PluginSettings> entries;
    bool enable = false;
    std::uint64_t import_id = 0;
};
Result<void> put_plugin_settings(store::Transaction& transaction, std::uint64_t id, const NewPluginSettings& settings);
Result<void> remove_plugin_settings(store::Transaction& transaction, std::uint64_t id, std::uint64_t import_id);

// A password for submission besides the account's own.
Result<void> put_imported_app_password(store::Transaction& transaction, std::uint64_t id,
                                       const stored::v1::StoredPassword& password);

// The account goes for good: it can't be undeleted, and the next purge takes its mail. Its address is free at once.
Result<void> discard_account(store::Transaction& transaction, std::uint64_t id);

}  // namespace tayori::spool
