// What belongs to an account besides its mail, as it was at a moment of a backup: name, quota, protocols, passwords, settings
// of plugins, and the aliases that led to it and are gone.
#pragma once

#include <string>
#include <vector>

#include "spoold/backup/account_plan.h"
#include "spoold/directory/directory.h"

namespace tayori::spool {

struct SettingsBack {
    std::vector<v1::RestoredSetting> changes;  // without secrets
    std::vector<std::string> notes;            // what can't come back
};

// Compares, and with `apply` makes it so in one commit, which compares anew; returns after it. Whether the account is suspended
// stays as it is, and an alias that leads elsewhere by now too.
Result<SettingsBack> restore_settings(Directory& directory, const store::Past& past, const AccountWish& wish, bool apply);

}  // namespace tayori::spool
