// For directory.cc: what the start compares.
#pragma once

#include "spoold/directory/records.h"

namespace tayori::spool {

// 0: there is none.
std::uint64_t highest_account_id(store::Transaction& transaction);

}  // namespace tayori::spool
