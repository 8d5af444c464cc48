// Which plugins are enabled where, as the directory's rows have it (spoold/plugin says what follows from them).
#pragma once

#include "spoold/directory/records.h"

namespace tayori::spool {

// Does an entry say yes? One of an import by being approved.
bool enables(const stored::v1::StoredPluginSettings::Entry& entry);

// Plugins are in use from the first that is enabled anywhere. Until then nobody has to look for settings: whoever writes some says
// so here, in the same mutation.
void note_plugins_used(store::Transaction& transaction, const stored::v1::StoredPluginSettings& written);
Result<bool> plugins_used(const Rows& rows);
// A store from before there was that row.
Result<void> find_plugins_used(store::Transaction& transaction);

}  // namespace tayori::spool
