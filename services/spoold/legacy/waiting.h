// For work that runs on a thread of its own and needs one commit after the other.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "common/base/result.h"

namespace tayori::spool {

// Starts `call` with what must be called once with its answer, and waits for it. Not on the committer's thread.
template <class T, class Call>
Result<T> wait_for_answer(Call call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    call([promise](Result<T> result) { promise->set_value(std::move(result)); });
    return promise->get_future().get();
}

}  // namespace tayori::spool
