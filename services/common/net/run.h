// Runs one coroutine on a loop to its end: for tests and for command line tools. Servers call Loop::run().
#pragma once

#include <optional>

#include "common/net/loop.h"

namespace tayori::net {

template <class T>
Result<T> run_to_end(Loop& loop, Async<T> task) {
    bool ended = task.start([](void* l) { static_cast<Loop*>(l)->stop(); }, &loop);
    if (!ended) loop.run();
    if (!task.finished()) return fail(Kind::closed, "Stopped.");
    return task.take();
}

}  // namespace tayori::net
