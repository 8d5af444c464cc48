// After a restore: no number that a client may have seen is given again (design.md §3).
//
// Every counter is set above the backup's and, where it is at hand, the living store's, and then 2^20 further: what was
// given out between backup and loss is not known for certain. Every reference gets a new modseq and every expunge log a
// new floor, so that a client that knows a later state is told of all that is otherwise than it believes.
#pragma once

#include "spoold/store/store.h"

namespace tayori::spool {

constexpr std::uint64_t kRestoreGap = 1u << 20;

struct Raised {
    std::uint64_t accounts = 0;
    std::uint64_t folders = 0;
    std::uint64_t references = 0;
    std::uint64_t queued = 0;  // mails that wait in the outbound queue
};

// `living` may be null. Also forgets what belongs to the life of one store: its name for the daemons, its key for tickets.
Result<Raised> raise_counters(store::Store& store, const store::Snapshot* living);

}  // namespace tayori::spool
