// How a row of a table is read against an account. Pure.
#pragma once

#include <string>

#include "spoold/directory/bulk_diff.h"

namespace tayori::spool {

// As people compare names: the blank between family and given name, also the wide one, is written or not.
std::string name_key(std::string_view name);

// pop3, imap4 and smtp_auth all off is how a table says "suspended": mail arrives, and nobody logs in.
bool all_off(const v1::AccountsRow& row);
std::uint32_t protocols_after(const v1::AccountsRow& row, std::uint32_t bits);
stored::v1::StoredAccount new_account(const TableRow& row);

// Aliases that accounts had, by account id, where it matters.
using OwnAliases = std::map<std::uint64_t, std::set<std::string>>;
// Makes the plan of the steps, and leaves out those that change nothing.
void show_diff(BulkDiff& diff, const Table& table, const OwnAliases& own, const std::string& key);

}  // namespace tayori::spool
