#include "spoold/directory/throttle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "spoold/directory/hash_pool.h"

namespace tayori::spool {
namespace {

const Allowances kAllowances(20, 600'000);

TEST(Throttle, KnowsNetworks) {
    EXPECT_EQ(network_of("192.0.2.1"), network_of("192.0.2.200"));
    EXPECT_EQ(network_of("192.0.2.1"), network_of("::ffff:192.0.2.9"));
    EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.3.1"));
    EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::1"));
    EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
    EXPECT_EQ(network_of("nonsense"), 0U);
    EXPECT_NE(network_of("::1"), 0U);
}

TEST(Throttle, AStrangerIsSlowedDownAndForgiven) {
    ManualClock clock;
    Throttle throttle(clock, kAllowances);
    const Attempt attempt{1, 7};
    int tries = 0;
    while (throttle.allows(attempt)) {
        throttle.failed(attempt);
        ASSERT_LT(++tries, 100);
    }
    EXPECT_EQ(tries, kAllowances.stranger_on_user.at_once);
    EXPECT_TRUE(throttle.allows({1, 8}));  // another user of that network
    EXPECT_TRUE(throttle.allows({2, 7}));  // another network
    clock.advance_ms(static_cast<std::int64_t>(kAllowances.stranger_on_user.refill_ms) + 1);
    EXPECT_TRUE(throttle.allows(attempt));
    throttle.failed(attempt);
    EXPECT_FALSE(throttle.allows(attempt));
}

TEST(Throttle, StrangersCannotLockOutAKnownClient) {
    ManualClock clock;
    Throttle throttle(clock, kAllowances);
    throttle.succeeded({1, 7});
    EXPECT_EQ(throttle.client({1, 7}), Client::known);
    for (std::uint64_t network = 100; network < 600; ++network) throttle.failed({network, 7});
    for (int i = 0; i < 300; ++i) throttle.failed({1, 1000});  // from its own network, at others
    EXPECT_FALSE(throttle.allows({900, 7}));
    EXPECT_FALSE(throttle.allows({1, 8}));
    EXPECT_TRUE(throttle.allows({1, 7}));
    clock.advance_ms(std::chrono::milliseconds(kKnownFor).count() + 1);
    EXPECT_EQ(throttle.client({1, 7}), Client::other);
}

TEST(Throttle, OneNetworkAtManyNamesIsSlowedDown) {
    ManualClock clock;
    Throttle throttle(clock, kAllowances);
    std::uint64_t tries = 0;
    while (throttle.allows({1, 1000 + tries}) && tries < 10'000) throttle.failed({1, 1000 + tries++});
    EXPECT_EQ(static_cast<double>(tries), kAllowances.strangers_on_network.at_once);
}

TEST(HashPool, KnownClientsGoFirst) {
    HashPool pool(1, 10);
    std::promise<void> begin;
    auto began = begin.get_future().share();
    std::vector<char> order;
    std::promise<void> last;
    ASSERT_TRUE(pool.post(Lane::other, 1, [began](Turn) { began.wait(); }));
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(pool.post(Lane::other, 1, [&, i](Turn) {
            order.push_back('o');
            if (i == 2) last.set_value();
        }));
    ASSERT_TRUE(pool.post(Lane::known, 2, [&](Turn) { order.push_back('k'); }));
    begin.set_value();
    last.get_future().wait();
    EXPECT_EQ(std::string(order.begin(), order.end()), "kooo");
}

TEST(HashPool, IsBoundedAndTellsEverybodyWhenItStops) {
    HashPool pool(1, 10);
    std::promise<void> begin;
    auto began = begin.get_future().share();
    std::promise<void> running;
    ASSERT_TRUE(pool.post(Lane::known, 0, [&running, began](Turn) {
        running.set_value();
        began.wait();
    }));
    running.get_future().wait();
    std::atomic<std::size_t> called = 0;
    const auto job = [&](Turn) { ++called; };
    std::size_t of_one_network = 0;
    while (pool.post(Lane::other, 1, job)) ++of_one_network;
    EXPECT_EQ(of_one_network, 5U);
    EXPECT_TRUE(pool.post(Lane::other, 2, job));
    EXPECT_TRUE(pool.post(Lane::known, 1, job));
    auto stopping = std::async(std::launch::async, [&] { pool.stop(); });
    begin.set_value();
    stopping.get();
    EXPECT_EQ(called, of_one_network + 2);  // run or cancelled, but told
    EXPECT_FALSE(pool.post(Lane::known, 1, job));
}

}  // namespace
}  // namespace tayori::spool
