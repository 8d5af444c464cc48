#include "common/net/loop.h"

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "common/net/offload.h"
#include "net_fixture.h"

namespace tayori::net {
namespace {

using std::chrono::milliseconds;

class LoopTest : public NetTest {};

TEST_F(LoopTest, PostFromAnotherThreadRunsInOrder) {
    std::vector<int> seen;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) loop.post([&seen, i] { seen.push_back(i); });
        loop.stop();
    });
    loop.run();
    other.join();
    turn_until([&] { return seen.size() == 100; });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST_F(LoopTest, TimersFireInOrderAndCanBeCancelledByEachOther) {
    std::vector<int> fired;
    Timer first(loop);
    Timer second(loop);
    auto third = std::make_unique<Timer>(loop);
    Timer last(loop);
    first.start_in(milliseconds(1), [&] {
        fired.push_back(1);
        third.reset();
    });
    third->start_in(milliseconds(2), [&] { fired.push_back(3); });
    second.start_in(milliseconds(1), [&] { fired.push_back(2); });
    last.start_in(milliseconds(5), [&] { loop.stop(); });
    loop.run();
    EXPECT_THAT(fired, testing::ElementsAre(1, 2));
    EXPECT_FALSE(first.armed());
}

TEST_F(LoopTest, ATimerThatIsAlwaysDueLetsTheLoopTurn) {
    Timer busy(loop);
    std::function<void()> again = [&] { busy.start(loop.now(), again); };
    again();
    int turns = 0;
    loop.at_turn_end([&] { ++turns; });
    turn_until([&] { return turns > 10; });
    busy.cancel();
}

TEST_F(LoopTest, ATimerMayDestroyItself) {
    auto timer = std::make_unique<Timer>(loop);
    timer->start_in(milliseconds(0), [&] { timer.reset(); });
    turn_until([&] { return timer == nullptr; });
}

TEST_F(LoopTest, TurnEndHookRunsAfterTheWorkOfTheTurn) {
    std::vector<int> seen;
    loop.at_turn_end([&] {
        if (seen.size() == 2) seen.push_back(3);
    });
    loop.post([&] { seen.push_back(1); });
    loop.post([&] { seen.push_back(2); });
    turn_until([&] { return seen.size() == 3; });
    EXPECT_THAT(seen, testing::ElementsAre(1, 2, 3));
}

Async<int> sleeps(Loop& loop, Duration time) {
    co_await loop.sleep(time);
    co_return 7;
}

TEST_F(LoopTest, SleepEndsAndCanBeCancelled) {
    EXPECT_EQ(run(sleeps(loop, milliseconds(1))).value(), 7);
    {
        Tasks own;
        std::optional<Result<int>> out;
        own.spawn(keep(sleeps(loop, milliseconds(1)), out));
    }
    turn();
}

TEST_F(LoopTest, WaitsForAnEventOrADeadline) {
    Event event;
    EXPECT_FALSE(run(loop.wait(event, loop.in(milliseconds(1)))).value());
    auto notified = begin(loop.wait(event, later()));
    event.notify();
    EXPECT_TRUE(notified->value().value());
    EXPECT_FALSE(event.has_waiters());
}

TEST_F(LoopTest, SignalsAreCallbacks) {
    int seen = 0;
    loop.on_signal(SIGHUP, [&] { ++seen; });
    ::raise(SIGHUP);
    turn_until([&] { return seen == 1; });
}

Async<int> calculates(Loop& loop) {
    auto v = co_await offload(loop, [] { return 42; });
    co_await offload(loop, [] {});
    co_return v;
}
Async<int> calculates_badly(Loop& loop) {
    auto v = co_await offload(loop, []() -> Result<int> { return fail(Kind::denied, "No."); });
    co_return v;
}
Async<int> throws(Loop& loop) {
    auto v = co_await offload(loop, []() -> int { throw std::runtime_error("bug"); });
    co_return v;
}

TEST_F(LoopTest, OffloadGivesValuesErrorsAndExceptions) {
    EXPECT_EQ(run(calculates(loop)).value(), 42);
    EXPECT_EQ(run(calculates_badly(loop)).error().kind, Kind::denied);
    EXPECT_EQ(run(throws(loop)).error().detail, "bug");
}

TEST_F(LoopTest, OffloadIsBoundedAndCancellable) {
    auto gate = std::make_shared<std::atomic<bool>>(false);
    {
        Tasks own;
        std::vector<std::unique_ptr<std::optional<Result<int>>>> outs;
        for (std::size_t i = 0; i < kOffloadPendingMax; ++i) {
            auto work = [gate] {
                while (!gate->load()) std::this_thread::yield();
                return 1;
            };
            outs.push_back(std::make_unique<std::optional<Result<int>>>());
            own.spawn(keep(offload(loop, work), *outs.back()));
        }
        auto one_more = begin(offload(loop, [] { return 1; }));
        EXPECT_EQ(one_more->value().error().kind, Kind::busy);
    }
    gate->store(true);
    turn(20);
    // The cancelled jobs have left the queue, so a new one finds room.
    EXPECT_EQ(run(offload(loop, [] { return 2; })).value(), 2);
}

}  // namespace
}  // namespace tayori::net
