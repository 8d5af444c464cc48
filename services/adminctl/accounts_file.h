// A file of accounts as it comes from a school's records or from the old server.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "tayori/spool/v1/bulk.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

struct AccountsFile {
    v1::AccountsTable table;  // rows only
    // What the file itself has wrong, and what is kept aside; with line and column.
    std::vector<v1::AccountsProblem> problems;
    std::map<v1::AccountsField, std::uint32_t> columns;  // counted from 1; none where the file has no such column
};

// The CSV of docs/accounts.md or E-Post's tab-separated export, told by the header line. `domain`: of accounts without one.
// An empty field says nothing; "-" says that there are no aliases. invalid: it is neither of both, or no line can be told
// from the next.
Result<AccountsFile> parse_accounts_file(std::string_view bytes, const std::string& domain);

// Puts what the file has wrong in front, and the columns to what spoold found.
void locate_problems(const AccountsFile& file, v1::AccountsPlan& plan);

}  // namespace tayori::admin
