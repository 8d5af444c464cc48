// Work for plugins without a session: when it is due, who has it, and what its end writes.
#include "site.h"

#include "spoold/plugin/work_queue.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kDay = 86'400'000;

TEST(PluginWorkTimes, ADayBeginsAtAnAccountsOwnTime) {
    const std::int64_t made = 20'000 * kDay + kDay / 3;
    std::int64_t early = 0;
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        const auto due = daily_due_ms(AccountId{id}, {}, made);
        EXPECT_GE(due, made);
        EXPECT_LT(due, made + kDay);
        if (due < made + kDay / 2) ++early;
    }
    // Spread over the day.
    EXPECT_GT(early, 400);
    EXPECT_LT(early, 600);
    PluginWorkRow done;
    done.daily_ms = daily_done_ms(20'000 * kDay + 500, 20'003 * kDay);  // three days late, less 500 ms
    EXPECT_EQ(daily_due_ms(AccountId{1}, done, 20'003 * kDay), 20'003 * kDay + 500);
}

TEST(PluginWorkTimes, StepsOfAQuota) {
    struct Case {
        std::uint64_t used, quota;
        std::uint32_t percent, step;
    };
    const Case cases[] = {{0, 100, 0, 0}, {79, 100, 79, 0}, {799, 1000, 79, 0}, {80, 100, 80, 80}, {94, 100, 94, 90}, {95, 100, 95, 95},
                          {130, 100, 130, 95}, {7, 0, 0, 0}, {1ull << 62, 1ull << 63, 50, 0}};
    for (const auto& one : cases) {
        v1::PluginUsage usage;
        usage.set_used_messages(one.used);
        usage.set_quota_messages(one.quota);
        usage.set_quota_bytes(100);
        EXPECT_EQ(quota_percent(usage), one.percent) << one.used;
        EXPECT_EQ(quota_step(quota_percent(usage)), one.step) << one.used;
    }
}

TEST(PluginWorkTimes, WhenItWillBeFull) {
    const std::int64_t now = 20'000 * kDay;
    v1::PluginUsage usage;
    usage.set_quota_bytes(1000);
    usage.set_used_bytes(800);
    PluginWorkRow row;
    row.sample_ms = now - 4 * kDay;
    row.sample_bytes = 400;
    EXPECT_EQ(full_at_s(usage, row, 0, now), (now + 2 * kDay) / 1000);  // 100 a day
    row.sample_bytes = 900;
    EXPECT_EQ(full_at_s(usage, row, 0, now), 0);  // it shrinks
    row.sample_ms = now - 1000;                   // says nothing: since it was made, 8 days ago
    EXPECT_EQ(full_at_s(usage, row, (now - 8 * kDay) / 1000, now), (now + 2 * kDay) / 1000);
    EXPECT_EQ(full_at_s(usage, row, now / 1000, now), 0);  // only just made
    usage.set_used_bytes(1200);
    EXPECT_EQ(full_at_s(usage, row, now / 1000, now), now / 1000);
    usage.set_quota_bytes(0);
    EXPECT_EQ(full_at_s(usage, row, 0, now), 0);
}

class WorkQueueTest : public testing::Test {
  protected:
    static WorkItem item(std::uint64_t account, std::int64_t due_ms) { return {v1::PLUGIN_WORK_KIND_DAILY, AccountId{account}, due_ms, 0}; }
    std::uint64_t next(std::int64_t now_ms) {
        const auto found = queue.due(v1::PLUGIN_WORK_KIND_DAILY, now_ms, 10, [](const WorkItem&) { return true; });
        return found ? raw(found->account) : 0;
    }
    void lease(std::uint64_t account, std::uint64_t id, std::int64_t until_ms) {
        const auto found = queue.due(v1::PLUGIN_WORK_KIND_DAILY, until_ms - 1, 10, [&](const WorkItem& one) { return raw(one.account) == account; });
        ASSERT_TRUE(found);
        queue.lease(*found, {id, 7, until_ms, false, {}});
    }
    WorkQueue queue;
};

TEST_F(WorkQueueTest, WhatIsLeasedComesAgainWhenTheLeaseIsOver) {
    queue.put(item(1, 100));
    queue.put(item(2, 200));
    EXPECT_EQ(next(99), 0u);
    EXPECT_EQ(next(200), 1u);
    lease(1, 11, 500);
    EXPECT_EQ(next(200), 2u);
    EXPECT_EQ(next(500), 1u);
    EXPECT_FALSE(queue.begin_finish(11, 500));
}

TEST_F(WorkQueueTest, WhatIsBeingWrittenDoesNotEndByItself) {
    queue.put(item(1, 100));
    lease(1, 11, 500);
    EXPECT_TRUE(queue.begin_finish(11, 400));
    EXPECT_FALSE(queue.begin_finish(11, 400));
    EXPECT_EQ(next(900), 0u);
    queue.stream_closed(7);
    EXPECT_EQ(next(900), 0u);
    queue.finished(11, 1000);
    EXPECT_EQ(next(999), 0u);
    EXPECT_EQ(next(1000), 1u);
}

TEST_F(WorkQueueTest, AStreamTakesItsLeasesAlong) {
    queue.put(item(1, 100));
    lease(1, 11, 500);
    queue.put(item(1, 150));  // looked at anew meanwhile
    EXPECT_EQ(next(200), 0u);
    queue.stream_closed(7);
    EXPECT_EQ(next(200), 1u);
    queue.keep_only(v1::PLUGIN_WORK_KIND_DAILY, {});
    EXPECT_EQ(next(200), 0u);
    EXPECT_FALSE(queue.next_event_ms());
}

class PluginWorkTest : public PluginTest {
  protected:
    static v1::LeasePluginWork asks(std::uint32_t wait_ms = 0) {
        v1::LeasePluginWork request;
        request.set_wait_ms(wait_ms);
        request.add_daily("expire");
        request.add_quota("quotawarn");
        return request;
    }
    v1::PluginWork lease(const v1::LeasePluginWork& request = asks(), std::uint64_t stream = 1) {
        const auto reply = answer_of<v1::LeasePluginWorkReply>([&](auto done) { work->lease(request, stream, ++seq, done); });
        EXPECT_TRUE(reply) << problem_of(reply);
        return reply ? reply->work() : v1::PluginWork();
    }
    Result<v1::FinishPluginWorkReply> finish(v1::FinishPluginWork request) {
        auto shared = std::make_shared<const v1::FinishPluginWork>(std::move(request));
        return answer_of<v1::FinishPluginWorkReply>([&](auto done) { work->finish(shared, done); });
    }
    static v1::FinishPluginWork done_with(const v1::PluginWork& leased) {
        v1::FinishPluginWork request;
        request.set_lease_id(leased.lease_id());
        request.set_trace_id("work1");
        return request;
    }
    void deliver(std::uint64_t account, std::size_t bytes) {
        const auto done = plan(mail_to(account, cat("Subject: x\r\n\r\n", std::string(bytes, 'x'))));
        ASSERT_TRUE(done) << problem_of(done);
    }
    std::uint64_t seq = 0;
};

TEST_F(PluginWorkTest, OnceADayForEachAccountWithSuchAPlugin) {
    const auto anna = add("anna@x.test");
    add("bob@x.test");
    load({kExpire, kWarn});
    ASSERT_TRUE(enable("expire", "anna@x.test"));
    clock.advance_ms(kDay);  // past its own time of the first day
    const auto first = lease();
    EXPECT_EQ(first.kind(), v1::PLUGIN_WORK_KIND_DAILY);
    EXPECT_EQ(first.account_id(), anna);
    EXPECT_EQ(first.address(), "anna@x.test");
    EXPECT_EQ(first.plugin_profile(), profile_id(anna));
    EXPECT_EQ(tickets->verify(first.ticket())->account_id, anna);
    EXPECT_EQ(lease().lease_id(), 0u);
    ASSERT_TRUE(finish(done_with(first)));
    EXPECT_EQ(lease().lease_id(), 0u);
    EXPECT_EQ(problem_of(finish(done_with(first))), "This lease is over: the work comes again.");
    // A restart repeats nothing.
    reopen();
    EXPECT_EQ(lease().lease_id(), 0u);
    clock.advance_ms(kDay);
    EXPECT_EQ(lease().account_id(), anna);
}

// However its own time of the day lies: a server that is on for some minutes of each day only does the work, too.
TEST_F(PluginWorkTest, ServersThatAreOffAtTheTimeDoItLater) {
    for (int i = 0; i < 20; ++i) add(cat("u", i, "@x.test"));
    load({kExpire});
    ASSERT_TRUE(enable("expire"));
    clock.advance_ms(kDay);
    for (int i = 0; i < 20; ++i) EXPECT_NE(lease().lease_id(), 0u) << i;
    EXPECT_EQ(lease().lease_id(), 0u);
}

TEST_F(PluginWorkTest, WhatWasNotFinishedComesAgain) {
    const auto anna = add("anna@x.test");
    load({kExpire});
    ASSERT_TRUE(enable("expire"));
    clock.advance_ms(kDay);
    EXPECT_EQ(lease().account_id(), anna);
    work->stream_closed(1);
    EXPECT_EQ(lease(asks(), 2).account_id(), anna);
    clock.advance_ms(kPluginWorkLeaseMs);
    EXPECT_EQ(lease(asks(), 3).account_id(), anna);
    // One that has not such a plugin gets nothing.
    v1::LeasePluginWork other;
    other.add_daily("another");
    clock.advance_ms(kPluginWorkLeaseMs);
    EXPECT_EQ(lease(other).lease_id(), 0u);
}

TEST_F(PluginWorkTest, WhoWaitsIsServedWhenSomethingIsEnabled) {
    const auto anna = add("anna@x.test");
    load({kExpire});
    clock.advance_ms(kDay);
    auto promise = std::make_shared<std::promise<v1::PluginWork>>();
    work->lease(asks(60'000), 1, 1, [promise](Result<v1::LeasePluginWorkReply> reply) { promise->set_value(reply ? reply->work() : v1::PluginWork()); });
    ASSERT_TRUE(enable("expire"));
    EXPECT_EQ(promise->get_future().get().account_id(), anna);
}

TEST_F(PluginWorkTest, TheEndIsOneCommitWithMailsAndWhatIsKept) {
    const auto anna = add("anna@x.test");
    load({kExpire});
    ASSERT_TRUE(enable("expire"));
    for (int day = 0; day < 2; ++day) {
        clock.advance_ms(kDay);
        auto request = done_with(lease());
        auto& mail = *request.add_mails();
        mail.set_content("Subject: gone\r\n\r\nGone.\r\n");
        mail.add_recipients("anna@x.test");
        add_condition(*mail.add_conditions(), anna, "told", 1, 7 * 86'400);
        auto& change = *request.add_state();
        change.set_account_id(anna);
        change.set_plugin("expire");
        change.set_key("day");
        change.set_value(cat(day));
        ASSERT_TRUE(finish(request));
    }
    EXPECT_EQ(queued.load(), 1u);
    EXPECT_EQ(Queue(*store).counts()->waiting, 1u);
    EXPECT_THAT(state("expire", "anna@x.test"), ElementsAre("day=1"));
}

TEST_F(PluginWorkTest, WhatHooksDecideWithoutWorkNeedsNoLease) {
    const auto anna = add("anna@x.test");
    v1::FinishPluginWork request;
    request.set_trace_id("login1");
    auto& limit = *request.add_limits();
    add_condition(*limit.mutable_condition(), anna, "login");
    limit.mutable_refused()->set_text("Too many logins.");
    ASSERT_TRUE(finish(request));
    EXPECT_EQ(problem_of(finish(request)), "Too many logins.");
}

TEST_F(PluginWorkTest, EachPassedStepOfAQuotaIsTold) {
    const auto anna = add("anna@x.test", 10'000);
    load({kWarn});
    ASSERT_TRUE(enable("quotawarn"));
    EXPECT_EQ(lease().lease_id(), 0u);  // from here on, changes are noticed
    deliver(anna, 7'900);
    EXPECT_EQ(lease().lease_id(), 0u);
    deliver(anna, 200);
    auto told = lease();
    EXPECT_EQ(told.kind(), v1::PLUGIN_WORK_KIND_QUOTA);
    EXPECT_EQ(told.account_id(), anna);
    EXPECT_GE(told.usage().used_bytes(), 8'000u);
    EXPECT_EQ(told.usage().quota_bytes(), 10'000u);
    // It passes the next one while the first is being told.
    deliver(anna, 1'000);
    ASSERT_TRUE(finish(done_with(told)));
    told = lease();
    EXPECT_GE(told.usage().used_bytes(), 9'000u);
    ASSERT_TRUE(finish(done_with(told)));
    EXPECT_EQ(lease().lease_id(), 0u);
    reopen();
    EXPECT_EQ(lease().lease_id(), 0u);
    // And coming back below is told, too.
    v1::Expunge expunge;
    v1::GetFolder inbox;
    inbox.set_name("INBOX");
    expunge.set_folder_id(mailboxes->get_folder(AccountId{anna}, inbox)->folder().folder_id());
    auto* range = expunge.add_uids();
    range->set_first(1);
    range->set_last(1);
    auto shared = std::make_shared<const v1::Expunge>(expunge);
    ASSERT_TRUE(answer_of<v1::ExpungeReply>([&](auto done) { mailboxes->expunge(AccountId{anna}, shared, done); }));
    told = lease();
    EXPECT_EQ(told.kind(), v1::PLUGIN_WORK_KIND_QUOTA);
    EXPECT_LT(told.usage().used_bytes(), 8'000u);
}

}  // namespace
}  // namespace tayori::spool
