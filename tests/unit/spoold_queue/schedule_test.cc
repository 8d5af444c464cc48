// What is due, where to and over how many connections: the schedule alone, with a clock that stands.
#include "spoold/queue/schedule.h"

#include <gmock/gmock.h>

#include "common/base/text.h"

namespace tayori::spool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr LeaseStream kOne{1};
constexpr LeaseStream kOther{2};

class ScheduleTest : public testing::Test {
  protected:
    ScheduleTest() { make(); }
    void make() {
        options.retry.jitter_percent = 0;
        options.random = [] { return std::uint64_t{0}; };
        schedule = std::make_unique<Schedule>(clock, options);
    }
    PlannedMail mail(std::uint64_t id, const std::string& destination, std::uint64_t sender = 1) {
        PlannedMail planned;
        planned.id = QueueId{id};
        planned.sender = sender;
        planned.created_ms = clock.now_ms();
        planned.bytes = 100;
        planned.parts.push_back({destination, route, {0}, 0});
        return planned;
    }
    void put(std::uint64_t id, const std::string& destination, std::uint64_t sender = 1) { schedule->put(mail(id, destination, sender)); }
    // Deferred as a report says: the next try after so long.
    void defer(const Grant& grant, std::uint64_t id, std::int64_t wait_ms) {
        schedule->reported(grant.lease_id, QueueId{id}, {0}, false);
        auto planned = mail(id, grant.destination);
        planned.parts[0].next_try_ms = clock.now_ms() + wait_ms;
        schedule->put(planned);
    }
    void deliver(const Grant& grant, QueueId id) {
        schedule->reported(grant.lease_id, id, {0}, true);
        schedule->erase(id);
    }
    static std::vector<std::uint64_t> ids(const std::optional<Grant>& grant) {
        std::vector<std::uint64_t> ids;
        if (grant) {
            for (const auto& one : grant->mails) ids.push_back(raw(one.id));
        }
        return ids;
    }
    std::vector<std::uint64_t> lease(std::size_t most = 100) { return ids(schedule->lease(kOne, most)); }
    void advance(std::int64_t ms) {
        clock.advance_ms(ms);
        schedule->tick();
    }
    v1::DestinationStats destination(const std::string& name) {
        v1::DestinationStats found;
        schedule->list_destinations([&](const v1::DestinationStats& one) {
            if (one.destination() == name) found = one;
        });
        return found;
    }
    static v1::Said words(const std::string& text) {
        v1::Said said;
        said.set_text(text);
        return said;
    }

    ManualClock clock;
    ScheduleOptions options;
    RoutePtr route = std::make_shared<v1::Route>();
    std::unique_ptr<Schedule> schedule;
};

TEST(RetryTest, WaitsDouble) {
    const RetryRules rules{120 * kSecond, kHour, 120 * kHour, 0};
    const std::int64_t minutes[] = {2, 4, 8, 16, 32, 60, 60, 60};
    for (std::uint32_t i = 0; i < std::size(minutes); ++i) EXPECT_EQ(retry_delay_ms(rules, i + 1, 99), minutes[i] * kMinute) << i;
    EXPECT_EQ(retry_delay_ms(rules, 1'000'000, 0), kHour);
}

TEST(RetryTest, JitterStaysWithinItsShare) {
    const RetryRules rules{100 * kSecond, kHour, 120 * kHour, 10};
    EXPECT_EQ(retry_delay_ms(rules, 1, 0), 90 * kSecond);
    EXPECT_EQ(retry_delay_ms(rules, 1, 10'000), 100 * kSecond);
    EXPECT_EQ(retry_delay_ms(rules, 1, 20'000), 110 * kSecond);
    EXPECT_EQ(retry_delay_ms(rules, 1, 20'001), 90 * kSecond);
}

TEST(RetryTest, ARouteSaysOtherwise) {
    v1::Route route;
    route.set_retry_first_s(10);
    route.set_max_age_s(60);
    const auto rules = RetryRules().with(route);
    EXPECT_EQ(rules.first_ms, 10 * kSecond);
    EXPECT_EQ(rules.cap_ms, RetryRules().cap_ms);
    EXPECT_TRUE(rules.is_over(0, kMinute));
    EXPECT_FALSE(rules.is_over(0, kMinute - 1));
}

TEST_F(ScheduleTest, AMailIsGivenOnce) {
    put(1, "a.test");
    const auto grant = schedule->lease(kOne, 10);
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->destination, "a.test");
    EXPECT_THAT(ids(grant), ElementsAre(1));
    EXPECT_FALSE(grant->mails[0].last_try);
    EXPECT_TRUE(schedule->is_carried(QueueId{1}, 0));
    EXPECT_THAT(lease(), IsEmpty());
    deliver(*grant, QueueId{1});
    EXPECT_FALSE(schedule->has(QueueId{1}));
    schedule->end(grant->lease_id, Ending::done, {});
    EXPECT_EQ(schedule->stats().leases, 0u);
    EXPECT_THAT(destination("a.test").destination(), "");
}

TEST_F(ScheduleTest, SendersHaveTurns) {
    for (std::uint64_t id = 1; id <= 5; ++id) put(id, "a.test", 1);
    put(6, "a.test", 2);
    put(7, "a.test", 3);
    put(8, "a.test", 2);
    EXPECT_THAT(lease(4), ElementsAre(1, 6, 7, 2));
    EXPECT_THAT(lease(4), ElementsAre(8, 3, 4, 5));
}

TEST_F(ScheduleTest, DestinationsHaveTurns) {
    for (std::uint64_t id = 1; id <= 4; ++id) put(id, "a.test");
    for (std::uint64_t id = 5; id <= 6; ++id) put(id, "b.test");
    put(7, "c.test");
    EXPECT_THAT(lease(1), ElementsAre(1));
    EXPECT_THAT(lease(1), ElementsAre(5));
    EXPECT_THAT(lease(1), ElementsAre(7));
    EXPECT_THAT(lease(1), ElementsAre(2));
    EXPECT_THAT(lease(1), ElementsAre(6));
    EXPECT_THAT(lease(1), IsEmpty());  // both connections to a.test are in use
}

TEST_F(ScheduleTest, TheWindowGrowsWithWhatIsDelivered) {
    options.connections_start = 1;
    options.connections_per_destination_max = 3;
    make();
    for (std::uint64_t id = 1; id <= 20; ++id) put(id, "a.test");
    const auto first = schedule->lease(kOne, 1);
    EXPECT_THAT(lease(1), IsEmpty());
    deliver(*first, QueueId{1});
    EXPECT_EQ(destination("a.test").window(), 2u);
    const auto second = schedule->lease(kOne, 10);
    ASSERT_TRUE(second);
    EXPECT_THAT(lease(1), IsEmpty());
    for (const auto& one : second->mails) deliver(*second, one.id);
    EXPECT_EQ(destination("a.test").window(), 3u);
    // Trouble with a connection halves it.
    schedule->end(second->lease_id, Ending::trouble, {});
    EXPECT_EQ(destination("a.test").window(), 1u);
}

TEST_F(ScheduleTest, ADestinationThatFailsRestsAsAWhole) {
    for (std::uint64_t id = 1; id <= 3; ++id) put(id, "a.test");
    put(9, "b.test");
    auto grant = schedule->lease(kOne, 2);
    schedule->end(grant->lease_id, Ending::destination_failed, words("no route to host"));
    EXPECT_THAT(lease(), ElementsAre(9));
    EXPECT_THAT(lease(), IsEmpty());
    EXPECT_EQ(destination("a.test").rests_until_ms(), clock.now_ms() + 2 * kMinute);
    EXPECT_EQ(destination("a.test").said().text(), "no route to host");
    advance(2 * kMinute - 1);
    EXPECT_FALSE(schedule->is_ready());
    advance(1);
    EXPECT_TRUE(schedule->is_ready());
    // One connection tries it; after the second failure in a row the rest is twice as long.
    grant = schedule->lease(kOne, 100);
    EXPECT_THAT(ids(grant), SizeIs(3));
    schedule->end(grant->lease_id, Ending::destination_failed, words("no route to host"));
    EXPECT_EQ(destination("a.test").rests_until_ms(), clock.now_ms() + 4 * kMinute);
    advance(4 * kMinute);
    grant = schedule->lease(kOne, 1);
    EXPECT_THAT(lease(), IsEmpty());
    // It answers: all of them are due.
    deliver(*grant, grant->mails[0].id);
    EXPECT_THAT(lease(), SizeIs(2));
    EXPECT_EQ(destination("a.test").failures(), 0u);
}

TEST_F(ScheduleTest, ConnectionsThatFailTogetherAreOneFailure) {
    for (std::uint64_t id = 1; id <= 2; ++id) put(id, "a.test");
    const auto first = schedule->lease(kOne, 1);
    const auto second = schedule->lease(kOne, 1);
    schedule->end(first->lease_id, Ending::destination_failed, {});
    schedule->end(second->lease_id, Ending::destination_failed, {});
    EXPECT_EQ(destination("a.test").failures(), 1u);
}

TEST_F(ScheduleTest, UntriedMailsComeBackAfterASecond) {
    put(1, "a.test");
    const auto grant = schedule->lease(kOne, 1);
    schedule->end(grant->lease_id, Ending::done, {});
    EXPECT_THAT(lease(), IsEmpty());
    EXPECT_EQ(schedule->next_event_ms(), clock.now_ms() + kSecond);
    advance(kSecond);
    EXPECT_THAT(lease(), ElementsAre(1));
    EXPECT_EQ(schedule->stats().unknown, 0u);
}

TEST_F(ScheduleTest, ADeferredMailWaitsForItsTime) {
    put(1, "a.test");
    put(2, "a.test");
    const auto grant = schedule->lease(kOne, 2);
    defer(*grant, 1, 2 * kMinute);
    deliver(*grant, QueueId{2});
    schedule->end(grant->lease_id, Ending::done, {});
    EXPECT_EQ(schedule->due_ms(QueueId{1}, 0), clock.now_ms() + 2 * kMinute);
    EXPECT_EQ(schedule->next_event_ms(), clock.now_ms() + 2 * kMinute);
    advance(2 * kMinute);
    EXPECT_THAT(lease(), ElementsAre(1));
}

TEST_F(ScheduleTest, WhatIsStillCarriedIsNotGivenToAnother) {
    auto planned = mail(1, "a.test");
    planned.parts[0].recipients = {0, 1, 2};
    schedule->put(planned);
    const auto grant = schedule->lease(kOne, 1);
    EXPECT_THAT(grant->mails[0].recipients, ElementsAre(0, 1, 2));
    schedule->reported(grant->lease_id, QueueId{1}, {1}, false);
    planned.parts[0].recipients = {0, 1, 2};  // 1 was deferred
    planned.parts[0].next_try_ms = clock.now_ms();
    schedule->put(planned);
    EXPECT_FALSE(schedule->is_carried(QueueId{1}, 1));
    EXPECT_TRUE(schedule->is_carried(QueueId{1}, 2));
    EXPECT_THAT(lease(), IsEmpty());
    schedule->reported(grant->lease_id, QueueId{1}, {0, 2}, true);
    planned.parts[0].recipients = {1};
    schedule->put(planned);
    const auto again = schedule->lease(kOne, 1);
    EXPECT_THAT(again->mails[0].recipients, ElementsAre(1));
}

TEST_F(ScheduleTest, ALeaseEndsAtItsDeadlineAndIsCounted) {
    put(1, "a.test");
    put(2, "a.test");
    const auto grant = schedule->lease(kOne, 2);
    EXPECT_EQ(grant->seconds, 900u);
    advance(14 * kMinute);
    deliver(*grant, QueueId{1});  // a report prolongs it
    advance(14 * kMinute);
    EXPECT_THAT(lease(), IsEmpty());
    EXPECT_EQ(schedule->next_event_ms(), clock.now_ms() + kMinute);
    advance(kMinute);
    EXPECT_EQ(schedule->stats().unknown, 1u);
    EXPECT_THAT(lease(), ElementsAre(2));
    schedule->end(grant->lease_id, Ending::destination_failed, {});  // late: it says nothing any more
    EXPECT_EQ(destination("a.test").failures(), 0u);
}

TEST_F(ScheduleTest, AnOrphanedLeaseMayBeReclaimed) {
    put(1, "a.test");
    put(2, "a.test");
    const auto grant = schedule->lease(kOne, 2);
    schedule->stream_closed(kOther);
    advance(2 * kMinute);
    EXPECT_THAT(lease(), IsEmpty());
    schedule->stream_closed(kOne);
    advance(59 * kSecond);
    EXPECT_THAT(lease(), IsEmpty());
    EXPECT_THAT(schedule->reclaim(kOther, grant->lease_id, "a.test", {QueueId{1}, QueueId{2}}), IsEmpty());
    schedule->stream_closed(kOne);  // the old stream has nothing any more
    advance(10 * kMinute);
    EXPECT_THAT(lease(), IsEmpty());
    schedule->stream_closed(kOther);
    advance(kMinute);
    EXPECT_EQ(schedule->stats().unknown, 2u);
    EXPECT_THAT(lease(), ElementsAre(1, 2));
}

TEST_F(ScheduleTest, AfterARestartLeasesAreMadeAgain) {
    for (std::uint64_t id = 1; id <= 3; ++id) {
        auto planned = mail(id, "a.test");
        planned.parts[0].next_try_ms = clock.now_ms() + 8 * kSecond;  // what was there before the start
        schedule->put(planned);
    }
    EXPECT_THAT(lease(), IsEmpty());
    EXPECT_THAT(schedule->reclaim(kOne, 77, "a.test", {QueueId{1}, QueueId{2}, QueueId{9}}), ElementsAre(QueueId{9}));
    EXPECT_THAT(schedule->reclaim(kOther, 78, "a.test", {QueueId{2}}), ElementsAre(QueueId{2}));
    EXPECT_THAT(schedule->reclaim(kOther, 79, "gone.test", {QueueId{3}}), ElementsAre(QueueId{3}));
    advance(8 * kSecond);
    EXPECT_THAT(lease(), IsEmpty());  // a.test has two connections in use
    schedule->end(78, Ending::done, {});
    EXPECT_THAT(lease(), ElementsAre(3));
    schedule->reported(77, QueueId{1}, {0}, true);
    EXPECT_FALSE(schedule->is_carried(QueueId{1}, 0));
}

TEST_F(ScheduleTest, LeasesOfOneStartAreNotThoseOfAnother) {
    put(1, "a.test");
    const auto before = schedule->lease(kOne, 1)->lease_id;
    clock.advance_ms(1);
    make();
    put(1, "a.test");
    EXPECT_GT(schedule->lease(kOne, 1)->lease_id, before);
}

TEST_F(ScheduleTest, AConnectionGoesOnWithItsDestination) {
    for (std::uint64_t id = 1; id <= 4; ++id) put(id, "a.test");
    put(9, "b.test");
    const auto first = schedule->lease(kOne, 1);
    const auto second = schedule->lease(kOne, 100);
    EXPECT_THAT(ids(second), ElementsAre(9));
    EXPECT_THAT(ids(schedule->lease_more(kOne, 1, "b.test", true)), IsEmpty());
    deliver(*first, QueueId{1});
    EXPECT_THAT(ids(schedule->lease_more(kOne, 1, "a.test", true)), ElementsAre(2));
    EXPECT_EQ(destination("a.test").leases(), 1u);  // the one that was done has ended
    EXPECT_THAT(ids(schedule->lease_more(kOne, 1, "nowhere.test", true)), IsEmpty());
}

TEST_F(ScheduleTest, OneThatGoesOnGivesWayToWhoHasWaited) {
    for (std::uint64_t id = 1; id <= 4; ++id) put(id, "a.test");
    const auto first = schedule->lease(kOne, 1);
    put(9, "b.test");
    deliver(*first, QueueId{1});
    const auto more = schedule->lease_more(kOne, 1, "a.test", true);
    EXPECT_THAT(ids(more), ElementsAre(2));
    deliver(*more, QueueId{2});
    advance(6 * kSecond);
    EXPECT_THAT(ids(schedule->lease_more(kOne, 1, "a.test", true)), IsEmpty());
    EXPECT_THAT(ids(schedule->lease_more(kOne, 1, "a.test", false)), ElementsAre(3));  // somebody waits who will take b.test
}

TEST_F(ScheduleTest, ARouteLimitsConnectionsAndRate) {
    auto limited = std::make_shared<v1::Route>();
    limited->set_connections_max(1);
    limited->set_mails_per_minute(60);
    route = limited;
    for (std::uint64_t id = 1; id <= 30; ++id) put(id, "relay:r:25");
    auto grant = schedule->lease(kOne, 100);
    EXPECT_THAT(ids(grant), SizeIs(1));
    EXPECT_THAT(lease(), IsEmpty());
    deliver(*grant, QueueId{1});
    schedule->end(grant->lease_id, Ending::done, {});
    EXPECT_FALSE(schedule->is_ready());
    advance(schedule->next_event_ms() - clock.now_ms());
    grant = schedule->lease(kOne, 100);
    EXPECT_THAT(ids(grant), SizeIs(1));
    deliver(*grant, grant->mails[0].id);
    schedule->end(grant->lease_id, Ending::done, {});
    advance(kMinute);
    EXPECT_THAT(lease(), SizeIs(6));  // at most a tenth of a minute's at once
}

TEST_F(ScheduleTest, HeldMailsStay) {
    auto planned = mail(1, "a.test");
    planned.held = true;
    schedule->put(planned);
    put(2, "a.test");
    EXPECT_THAT(lease(), ElementsAre(2));
    EXPECT_EQ(schedule->stats().held, 1u);
    planned.held = false;
    schedule->put(planned);
    EXPECT_EQ(schedule->stats().held, 0u);
    EXPECT_THAT(lease(), ElementsAre(1));
    // Held while it is carried: that goes on, and afterwards it waits.
    planned.held = true;
    schedule->put(planned);
    EXPECT_TRUE(schedule->is_carried(QueueId{1}, 0));
}

TEST_F(ScheduleTest, HurryWakesTheDestination) {
    put(1, "a.test");
    auto grant = schedule->lease(kOne, 1);
    schedule->end(grant->lease_id, Ending::destination_failed, {});
    EXPECT_THAT(lease(), IsEmpty());
    schedule->hurry(QueueId{1});
    EXPECT_THAT(lease(), ElementsAre(1));
}

TEST_F(ScheduleTest, DelaysAreToldOnce) {
    auto planned = mail(1, "a.test");
    planned.delay_notice = true;
    planned.parts[0].next_try_ms = clock.now_ms() + 10 * kHour;
    schedule->put(planned);
    clock.advance_ms(4 * kHour - 1);
    EXPECT_THAT(schedule->tick(), IsEmpty());
    EXPECT_EQ(schedule->next_event_ms(), clock.now_ms() + 1);
    clock.advance_ms(1);
    const auto overdue = schedule->tick();
    ASSERT_THAT(overdue, SizeIs(1));
    EXPECT_TRUE(overdue[0].delayed);
    EXPECT_THAT(overdue[0].expired, IsEmpty());
    EXPECT_THAT(schedule->tick(), IsEmpty());
    planned.delay_notice = false;  // told
    schedule->put(planned);
    clock.advance_ms(kHour);
    EXPECT_THAT(schedule->tick(), IsEmpty());
}

TEST_F(ScheduleTest, AMailWhoseTimeIsOverIsTriedOnceMore) {
    put(1, "a.test");
    auto grant = schedule->lease(kOne, 1);
    defer(*grant, 1, 200 * kHour);
    schedule->end(grant->lease_id, Ending::done, {});
    advance(120 * kHour - 1);
    EXPECT_THAT(lease(), IsEmpty());
    advance(1);
    grant = schedule->lease(kOne, 1);
    EXPECT_THAT(ids(grant), ElementsAre(1));
    EXPECT_TRUE(grant->mails[0].last_try);
}

TEST_F(ScheduleTest, WhereTheDestinationFailsItIsGivenUp) {
    put(1, "a.test");
    auto grant = schedule->lease(kOne, 1);
    clock.advance_ms(120 * kHour);
    schedule->tick();  // the lease is over
    grant = schedule->lease(kOne, 1);
    ASSERT_TRUE(grant);
    EXPECT_TRUE(grant->mails[0].last_try);
    schedule->end(grant->lease_id, Ending::destination_failed, words("timed out"));
    const auto overdue = schedule->tick();
    ASSERT_THAT(overdue, SizeIs(1));
    EXPECT_THAT(overdue[0].expired, ElementsAre(0));
    EXPECT_EQ(overdue[0].said.text(), "timed out");
}

TEST_F(ScheduleTest, AMailTakesItsNewWay) {
    put(1, "a.test");
    schedule->put(mail(1, "relay:r:25"));
    EXPECT_EQ(destination("a.test").destination(), "");
    EXPECT_EQ(schedule->lease(kOne, 1)->destination, "relay:r:25");
    EXPECT_FALSE(schedule->is_ready());
}

TEST_F(ScheduleTest, AHundredThousandMailsAreSmall) {
    constexpr std::uint64_t kMails = 100'000;
    for (std::uint64_t id = 1; id <= kMails; ++id) {
        auto planned = mail(id, cat("d", id % 5'000, ".test"), id % 1'000);
        planned.delay_notice = true;
        planned.parts[0].next_try_ms = id % 2 == 0 ? 0 : clock.now_ms() + static_cast<std::int64_t>(id);
        schedule->put(planned);
    }
    std::uint64_t given = 0;
    for (int i = 0; i < 30'000 && given < kMails; ++i) {
        advance(10);
        while (auto grant = schedule->lease(kOne, 100)) {
            for (const auto& one : grant->mails) deliver(*grant, one.id);
            given += grant->mails.size();
            schedule->end(grant->lease_id, Ending::done, {});
        }
    }
    EXPECT_EQ(given, kMails);
    EXPECT_EQ(schedule->stats().waiting, 0u);
    EXPECT_EQ(schedule->stats().bytes, 0u);
}

}  // namespace
}  // namespace tayori::spool
