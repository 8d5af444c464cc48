// One account as a store of its own, so that a set can hold it alone: whatever reads a backup reads this one too.
//
// In it are the account's rows of the directory and its aliases, its folders, mail and trash, and the counters as they are. Not in
// it: what imports know, and what waits to be sent.
#pragma once

#include "spoold/backup/create.h"
#include "spoold/ids.h"

namespace tayori::spool {

// As it is now: from one snapshot, while everything goes on. `to` is an empty store. busy: mail that the snapshot has was
// purged meanwhile, try again.
Result<void> copy_account(const store::Store& from, AccountId account, store::Store& to, const Watch& watch);

}  // namespace tayori::spool
