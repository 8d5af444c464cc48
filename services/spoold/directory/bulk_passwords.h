// Comparing and making the passwords of a table: milliseconds each, in the pool, before the mutation.
#pragma once

#include <functional>

#include "spoold/directory/bulk_diff.h"

namespace tayori::spool {

using Going = std::function<bool()>;  // false: whoever asked has gone, or the server stops
using MadePasswords = absl::flat_hash_map<const TableRow*, stored::v1::StoredPassword>;

// Both block the caller, and take no more of the pool than its threads at a time, so that a login never waits for more than
// one of these. busy: not going on any more.
Result<void> compare_passwords(DirectoryCore& core, const std::vector<Unverified>& unverified, Verdicts& verdicts,
                               const Going& going);
// What the diff sets and is not made yet.
Result<void> make_passwords(DirectoryCore& core, const BulkDiff& diff, MadePasswords& made, const Going& going);

}  // namespace tayori::spool
