// A change, and waiting for it.
#pragma once

#include "spoold/store/store.h"

namespace tayori::store {

// Returns when it is durable, or with why it is not. Never on the committer's thread, which it would wait for.
Result<void> commit_and_wait(Store& store, std::uint64_t account, Effect effect, Mutation apply);

}  // namespace tayori::store
