// Counting what there really is in a mailbox: every page, row, trash page and message of an account.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/result.h"
#include "spoold/mailbox/reading.h"
#include "spoold/mailbox/reference.h"

namespace tayori::spool {

struct Census {
    std::uint64_t folders = 0;
    std::uint64_t references = 0;
    std::uint64_t bytes = 0;  // of living references, as the ledger counts
    std::vector<std::string> problems;
};

// What a census looks at: folders and their references, or also the trash, and that every message is there.
enum class CensusScope { folders, everything };
using SeeReference = std::function<void(const NumberedFolder&, const Reference&)>;

// Compares every number that is kept with the recount. `see` is called for every reference on the way.
Result<Census> take_census(const store::Snapshot& snapshot, AccountId account, const AccountState& state,
                           CensusScope scope = CensusScope::everything, const SeeReference& see = {});

// Every reference of a folder, ascending.
Result<void> visit_references(const store::Snapshot& snapshot, FolderId folder, const FolderRecord& record,
                              const std::function<void(const Reference&)>& visit);

// Every mailbox there is.
Result<void> visit_accounts(const store::Snapshot& snapshot,
                            const std::function<bool(AccountId, const AccountState&)>& visit);

// The greatest UID that the folder's keys name; 0: none.
Result<Uid> greatest_uid(const store::Snapshot& snapshot, FolderId folder, const FolderRecord& record);

}  // namespace tayori::spool
