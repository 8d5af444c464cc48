// Records out of committed state, for reads on any thread.
#pragma once

#include <optional>

#include "common/base/result.h"
#include "spoold/mailbox/records.h"
#include "spoold/store/store.h"

namespace tayori::spool {

// not_found where there is none. `Source` is a Store or a Snapshot.
template <class Source>
Result<FolderRecord> read_folder(const Source& source, AccountId account, FolderId id);
template <class Source>
Result<AccountState> read_state(const Source& source, AccountId account);
template <class Source>
Result<KeywordTable> read_keywords(const Source& source, AccountId account);

// By canonical name. not_found; unsupported: a bare level.
Result<FolderId> find_folder(const store::Snapshot& snapshot, AccountId account, std::string_view name);

struct NumberedFolder {
    FolderId id{};
    FolderRecord record;
};
Result<std::vector<NumberedFolder>> read_folders(const store::Snapshot& snapshot, AccountId account);

}  // namespace tayori::spool
