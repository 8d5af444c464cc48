// Removing for good: expunged mail after its time, and the mailboxes of purged accounts. In bounded steps, so that
// nobody waits long behind one.
#pragma once

#include <cstdint>

#include "common/base/result.h"
#include "spoold/ids.h"
#include "spoold/store/store.h"

namespace tayori::spool {

struct PurgeStep {
    std::uint64_t purged = 0;  // references
    bool more = false;         // something as old is left
};
// What was expunged before `before_ms`.
Result<PurgeStep> purge_expunged(store::Transaction& transaction, AccountId account, std::int64_t before_ms);

// A part of a mailbox that nobody can reach any more; true: nothing is left.
Result<bool> purge_mailbox(store::Transaction& transaction, AccountId account);

}  // namespace tayori::spool
