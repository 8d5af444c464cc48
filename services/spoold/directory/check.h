// What the start compares, and what proves the directory's rows.
#pragma once

#include <vector>

#include "spoold/directory/records.h"

namespace tayori::spool {

// 0: there is none.
std::uint64_t highest_account_id(store::Transaction& transaction);

// Compares all rows with each other: a sentence for each problem.
Result<std::vector<std::string>> verify_directory(const Rows& rows);

}  // namespace tayori::spool
