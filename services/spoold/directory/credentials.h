// Making the stored form of passwords, off the caller's thread.
#pragma once

#include <string>

#include "spoold/directory/core.h"

namespace tayori::spool {

// Exactly one of both is given. Calls `done` on a thread of the pool, or at once with an error.
void make_stored_password(const CorePtr& core, const std::string& password, const std::string& hash,
                          Answer<stored::v1::StoredPassword> done);

}  // namespace tayori::spool
