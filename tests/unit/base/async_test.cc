#include "common/base/async.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/sync.h"

namespace tayori {
namespace {

Async<int> number(int n) { co_return n; }
Async<int> refuse() { co_await fail(Kind::not_found, "No."); co_return 1; }
Async<int> twice(int n) {
    auto v = co_await number(n);
    co_return v * 2;
}
Async<int> passes_on() {
    auto v = co_await refuse();
    co_return v;
}
Async<int> waits(Event& event, int n) {
    co_await event.wait();
    if (n < 0) co_await fail(Kind::busy, "Later.");
    co_return n;
}
Async<int> waits_deep(Event& event, int n) {
    auto v = co_await waits(event, n);
    co_return v + 1;
}

template <class T>
Async<void> keep(Async<T> inner, std::optional<Result<T>>& out) {
    out.emplace(co_await std::move(inner).result());
}

TEST(Async, GivesValuesAndErrors) {
    Tasks tasks;
    std::optional<Result<int>> out;
    tasks.spawn(keep(twice(21), out));
    EXPECT_EQ(out->value(), 42);
    tasks.spawn(keep(passes_on(), out));
    EXPECT_EQ(out->error().kind, Kind::not_found);
    EXPECT_EQ(tasks.size(), 0u);
}

TEST(Async, ErrorsLeaveEveryFrameAfterAWait) {
    Tasks tasks;
    Event event;
    std::optional<Result<int>> good;
    std::optional<Result<int>> bad;
    tasks.spawn(keep(waits_deep(event, 1), good));
    tasks.spawn(keep(waits_deep(event, -1), bad));
    EXPECT_EQ(tasks.size(), 2u);
    event.notify();
    EXPECT_EQ(good->value(), 2);
    EXPECT_EQ(bad->error().kind, Kind::busy);
    EXPECT_EQ(tasks.size(), 0u);
}

TEST(Async, DestroyingTheOwnerCancelsTheWait) {
    Event event;
    std::optional<Result<int>> out;
    {
        Tasks tasks;
        tasks.spawn(keep(waits_deep(event, 1), out));
        EXPECT_TRUE(event.has_waiters());
    }
    EXPECT_FALSE(event.has_waiters());
    event.notify();
    EXPECT_FALSE(out.has_value());
}

Async<void> many(int n, long& sum) {
    for (int i = 0; i < n; ++i) sum += co_await number(i);
}

TEST(Async, ALoopOverReadyCallsUsesNoStack) {
    Tasks tasks;
    long sum = 0;
    tasks.spawn(many(1'000'000, sum));
    EXPECT_EQ(sum, 499'999'500'000);
}

struct Immovable {
    Immovable() = default;
    Immovable(const Immovable&) = delete;
    Immovable& operator=(const Immovable&) = delete;
    const void* suspended_at = nullptr;
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<>) {
        suspended_at = this;
        return false;
    }
    void await_resume() const {}
};
Async<void> awaits_in_place(bool& same) {
    Immovable awaiter;
    co_await awaiter;
    same = awaiter.suspended_at == &awaiter;
}

TEST(Async, AnAwaiterThatIsAVariableIsNotCopied) {
    Tasks tasks;
    bool same = false;
    tasks.spawn(awaits_in_place(same));
    EXPECT_TRUE(same);
}

Async<void> throws() {
    throw std::runtime_error("bug");
    co_return;
}

TEST(Async, AnExceptionIsAnInternalError) {
    Tasks tasks;
    std::optional<Result<void>> outcome;
    tasks.spawn(throws(), [&](Result<void> r) { outcome.emplace(std::move(r)); });
    EXPECT_EQ(outcome->error().kind, Kind::internal);
    EXPECT_EQ(outcome->error().detail, "bug");
}

Async<void> cancels(Event& event, std::unique_ptr<Tasks>& victim) {
    co_await event.wait();
    victim.reset();
}

TEST(Event, AWaiterMayDestroyALaterOne) {
    Event event;
    Tasks tasks;
    auto victim = std::make_unique<Tasks>();
    std::optional<Result<int>> out;
    tasks.spawn(cancels(event, victim));
    victim->spawn(keep(waits(event, 1), out));
    event.notify();
    EXPECT_FALSE(out.has_value());
    EXPECT_FALSE(event.has_waiters());
}

}  // namespace
}  // namespace tayori
