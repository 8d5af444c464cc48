// An account inside a mutation: made, put away, brought back. The one mechanism behind deleting by hand and retiring in
// bulk: the address is free at once, the row, the credentials and the mailbox stay under the account's id until purge.cc
// takes them.
#pragma once

#include <optional>

#include "spoold/directory/account_rows.h"

namespace tayori::spool {

struct NewAccount {
    Name name;
    stored::v1::StoredAccount account;
    bool has_quota_bytes = false;  // else the domain's
    bool has_quota_messages = false;
    std::optional<stored::v1::StoredPassword> password;
    Directory::Also also = {};  // in the same commit; may be empty
};
// With a mailbox. exists, no_target: the address is taken, or of no domain of ours.
Result<AccountRow> make_account(store::Transaction& transaction, const NewAccount& wanted, const DirectoryCore& core);

// `retired_by`: a bulk change; 0: deleted by hand. Aliases are the caller's.
Result<void> put_away(store::Transaction& transaction, AccountRow& row, std::uint64_t retired_by);
// Under its address, which the caller has found free.
Result<void> bring_back(store::Transaction& transaction, AccountRow& row, stored::v1::StoredState state);

// Of a row of deleted accounts (records.h).
bool is_retired(std::string_view deleted_value);
// When an account that was put away goes for good, in seconds.
std::int64_t purged_at(const DirectoryOptions& options, std::int64_t deleted_s, bool retired);

}  // namespace tayori::spool
