// What plugins keep and count: in the commit of the mail, within bounds, gone when its time is over.
#include "site.h"

namespace tayori::spool {
namespace {

constexpr const char* kAnna = "anna@x.test";

class PluginStateTest : public PluginTest {
  protected:
    void SetUp() override {
        PluginTest::SetUp();
        anna = add(kAnna);
    }
    static void keep(v1::CommitPlan& plan, std::uint64_t account, const std::string& key, const std::string& value, std::uint32_t ttl_s = 0) {
        auto& change = *plan.add_state();
        change.set_account_id(account);
        change.set_plugin("autoreply");
        change.set_key(key);
        change.set_value(value);
        change.set_ttl_s(ttl_s);
        change.set_erase(value.empty());
    }
    bool reply(const std::string& key, std::uint32_t max = 1) {
        auto request = mail_to(anna);
        add_reply(request, anna, key, max);
        const auto done = plan(request);
        EXPECT_TRUE(done) << problem_of(done);
        return done && done->queue_ids(0) != 0;
    }
    std::uint64_t waiting() { return Queue(*store).counts()->waiting; }

    std::uint64_t anna = 0;
};

TEST_F(PluginStateTest, AReplyGoesOncePerPeriodCountedFromTheFirst) {
    struct Step {
        std::int64_t after_s;
        std::string key;
        bool sent;
    };
    const Step steps[] = {
        {0, "bob", true}, {0, "bob", false}, {0, "eve", true}, {3599, "bob", false}, {1, "bob", true}, {3599, "bob", false}, {1, "bob", true},
    };
    for (const auto& step : steps) {
        clock.advance_ms(step.after_s * 1000);
        EXPECT_EQ(reply(step.key), step.sent) << step.key << " after " << step.after_s;
    }
    EXPECT_EQ(waiting(), 4u);
}

TEST_F(PluginStateTest, WhatIsNotSentLeavesANoteForTheTrace) {
    auto request = mail_to(anna);
    add_reply(request, anna, "bob");
    request.add_notes("autoreply/plugin.lua:31 reply to bob@far.test");
    ASSERT_TRUE(plan(request));
    EXPECT_THAT(notes("trace1"), ElementsAre("autoreply/plugin.lua:31 reply to bob@far.test"));
    request.set_trace_id("trace2");
    ASSERT_TRUE(plan(request));
    EXPECT_THAT(notes("trace2"), ElementsAre("autoreply/plugin.lua:31 reply to bob@far.test",
                                             "autoreply: not sent, as it may happen once within 1 hour (bob)"));
}

TEST_F(PluginStateTest, TheAnswerSaysWhichConditionWillNotHoldAndForHowLong) {
    auto request = mail_to(anna);
    add_reply(request, anna, "bob");
    EXPECT_EQ(plan(request)->spent_size(), 0);
    clock.advance_ms(600'000);
    const auto again = plan(request);
    ASSERT_EQ(again->spent_size(), 1);
    EXPECT_EQ(again->spent(0).condition().key(), "bob");
    EXPECT_EQ(again->spent(0).condition().account_id(), anna);
    EXPECT_EQ(again->spent(0).for_ms(), 3'000'000);
}

TEST_F(PluginStateTest, TwoReplicasInOneGroupCountAsOne) {
    // Submitted together, so that one group commits them.
    std::vector<std::future<Result<v1::CommitPlanReply>>> answers;
    {
        store::Store::Batch batch(*store);
        for (int replica = 0; replica < 2; ++replica) {
            auto request = mail_to(anna);
            add_reply(request, anna, "bob");
            auto promise = std::make_shared<std::promise<Result<v1::CommitPlanReply>>>();
            answers.push_back(promise->get_future());
            intake->commit_plan(std::make_shared<const v1::CommitPlan>(request), [promise](auto done) { promise->set_value(std::move(done)); });
        }
    }
    std::size_t sent = 0;
    for (auto& answer : answers) {
        const auto done = answer.get();
        ASSERT_TRUE(done);
        if (done->queue_ids(0) != 0) ++sent;
    }
    EXPECT_EQ(sent, 1u);
    EXPECT_EQ(waiting(), 1u);
}

TEST_F(PluginStateTest, AllConditionsOfAMailHoldOrNoneIsCounted) {
    ASSERT_TRUE(reply("b"));
    auto request = mail_to(anna);
    auto& outbound = add_reply(request, anna, "a");
    add_condition(*outbound.add_conditions(), anna, "b");
    ASSERT_EQ(plan(request)->queue_ids(0), 0u);
    EXPECT_THAT(state("autoreply", kAnna), ElementsAre("b x1"));
    EXPECT_TRUE(reply("a"));
    // The same key twice counts twice.
    auto twice = mail_to(anna);
    auto& both = add_reply(twice, anna, "c");
    add_condition(*both.add_conditions(), anna, "c");
    EXPECT_EQ(plan(twice)->queue_ids(0), 0u);
}

TEST_F(PluginStateTest, ARepeatedPlanCountsOnce) {
    auto request = mail_to(anna);
    request.set_request_id("r1");
    add_reply(request, anna, "bob", 2);
    const auto first = plan(request);
    const auto again = plan(request);
    ASSERT_TRUE(first && again);
    EXPECT_EQ(first->queue_ids(0), again->queue_ids(0));
    EXPECT_THAT(state("autoreply", kAnna), ElementsAre("bob x1"));
}

TEST_F(PluginStateTest, ALimitRefusesThePlanAsAWholeAndIsNotCountedThen) {
    auto request = mail_to(anna);
    auto& limit = *request.add_limits();
    add_condition(*limit.mutable_condition(), 0, "192.0.2.1", 2);
    limit.mutable_refused()->set_kind(v1::ERROR_KIND_DENIED);
    limit.mutable_refused()->set_text("Slowly, please.");
    keep(request, anna, "seen", "1");
    ASSERT_TRUE(plan(request));
    ASSERT_TRUE(plan(request));
    auto third = request;
    third.clear_state();
    keep(third, anna, "third", "1");
    const auto refused = plan(third);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::denied);
    EXPECT_EQ(refused.error().text, "Slowly, please.");
    EXPECT_THAT(state("autoreply", kAnna), ElementsAre("seen=1"));
    EXPECT_THAT(state("autoreply"), ElementsAre("192.0.2.1 x2"));
    clock.advance_ms(3600 * 1000);
    EXPECT_TRUE(plan(third));
}

TEST_F(PluginStateTest, ValuesExpireAndAreErased) {
    auto request = mail_to(anna);
    keep(request, anna, "a", "1");
    keep(request, anna, "b", "2", 60);
    keep(request, anna, "c", "3");
    keep(request, anna, "c", "");
    ASSERT_TRUE(plan(request));
    EXPECT_THAT(state("autoreply", kAnna), ElementsAre("a=1", "b=2"));
    clock.advance_ms(60'000);
    EXPECT_THAT(state("autoreply", kAnna), ElementsAre("a=1"));
    v1::GetPluginState asked;
    asked.set_account_id(anna);
    asked.set_plugin("autoreply");
    EXPECT_EQ(plugins->state(asked)->rows_size(), 1);
    plugins->tick();
    EXPECT_EQ(plugins->counts().expired.load(), 1u);
}

TEST_F(PluginStateTest, StateIsBoundedAndWhatExpiredMakesRoom) {
    const auto fill = [&](std::uint64_t from, std::uint64_t count, std::uint32_t ttl_s) {
        auto request = mail_to(anna);
        for (std::uint64_t i = 0; i < count; ++i) keep(request, anna, cat("k", from + i), "v", ttl_s);
        ASSERT_TRUE(plan(request));
    };
    fill(0, kPluginStateRowsMax, 60);
    EXPECT_EQ(plugins->counts().dropped.load(), 0u);
    fill(kPluginStateRowsMax, 1, 0);
    EXPECT_EQ(plugins->counts().dropped.load(), 1u);
    EXPECT_EQ(state("autoreply", kAnna).size(), kPluginStateRowsMax);
    // What is there can still be changed and erased.
    auto change = mail_to(anna);
    keep(change, anna, "k0", "changed", 60);
    ASSERT_TRUE(plan(change));
    EXPECT_EQ(plugins->counts().dropped.load(), 1u);
    clock.advance_ms(60'000);
    fill(kPluginStateRowsMax, 1, 0);
    EXPECT_EQ(plugins->counts().dropped.load(), 1u);
    EXPECT_THAT(state("autoreply", kAnna), ElementsAre(cat("k", kPluginStateRowsMax, "=v")));
}

TEST_F(PluginStateTest, OctetsAreBoundedToo) {
    const std::string large(kPluginValueBytesMax, 'x');
    auto request = mail_to(anna);
    for (std::uint64_t i = 0; i <= kPluginStateBytesMax / kPluginValueBytesMax; ++i) keep(request, anna, cat("k", i), large);
    ASSERT_TRUE(plan(request));
    EXPECT_GT(plugins->counts().dropped.load(), 0u);
    std::uint64_t bytes = 0;
    for (const auto& row : state("autoreply", kAnna)) bytes += row.size();
    EXPECT_LE(bytes, kPluginStateBytesMax);
    EXPECT_GT(bytes, kPluginStateBytesMax * 9 / 10);
}

TEST_F(PluginStateTest, AFullTableOfCountsSendsNothingButLimitsLetThrough) {
    constexpr std::size_t kAtOnce = 50;
    for (std::uint64_t i = 0; i < kPluginCountsMax; i += kAtOnce) {
        auto request = mail_to(anna);
        auto& outbound = add_reply(request, anna, cat("k", i));
        for (std::uint64_t k = 1; k < kAtOnce; ++k) add_condition(*outbound.add_conditions(), anna, cat("k", i + k));
        ASSERT_NE(plan(request)->queue_ids(0), 0u);
    }
    EXPECT_FALSE(reply("one more"));
    EXPECT_THAT(notes("trace1").back(), HasSubstr("no more can be counted"));
    auto limited = mail_to(anna);
    add_condition(*limited.add_limits()->mutable_condition(), anna, "another");
    EXPECT_TRUE(plan(limited));
    EXPECT_TRUE(reply("k7", 2));  // what is being counted goes on
    clock.advance_ms(3600 * 1000);
    EXPECT_TRUE(reply("one more"));
}

TEST_F(PluginStateTest, NobodysStateIsNotKept) {
    auto request = mail_to(anna);
    keep(request, 4711, "a", "1");
    ASSERT_TRUE(plan(request));
    EXPECT_EQ(plugins->counts().dropped.load(), 1u);
    bool any = false;
    const auto all = keys::all_plugin_rows();
    ASSERT_TRUE(store->snapshot()->scan(all.from, all.to, [&](auto, auto) { return !(any = true); }));
    EXPECT_FALSE(any);
}

TEST_F(PluginStateTest, WhatIsOutOfBoundsIsNoPlan) {
    struct Case {
        const char* what;
        std::function<void(v1::CommitPlan&)> add;
    };
    const Case cases[] = {
        {"no key", [&](v1::CommitPlan& p) { add_reply(p, anna, ""); }},
        {"a long key", [&](v1::CommitPlan& p) { add_reply(p, anna, std::string(kPluginKeyBytesMax + 1, 'k')); }},
        {"no maximum", [&](v1::CommitPlan& p) { add_reply(p, anna, "k", 0); }},
        {"a long value", [&](v1::CommitPlan& p) { keep(p, anna, "k", std::string(kPluginValueBytesMax + 1, 'v')); }},
        {"no plugin", [&](v1::CommitPlan& p) { keep(p, anna, "k", "v"), p.mutable_state(0)->set_plugin("No Name"); }},
    };
    for (const auto& one : cases) {
        auto request = mail_to(anna);
        one.add(request);
        const auto done = plan(request);
        ASSERT_FALSE(done) << one.what;
        EXPECT_EQ(done.error().kind, Kind::invalid) << one.what;
    }
}

TEST_F(PluginStateTest, AnAdministratorSeesAndForgetsIt) {
    ASSERT_TRUE(reply("bob"));
    auto request = mail_to(anna);
    keep(request, anna, "a", "1");
    ASSERT_TRUE(plan(request));
    const auto was = answer_of<v1::PluginStateRows>([&](auto done) { plugins->clear_state(at("autoreply", kAnna), done); });
    ASSERT_TRUE(was);
    EXPECT_EQ(was->rows_size(), 2);
    EXPECT_THAT(state("autoreply", kAnna), IsEmpty());
    EXPECT_TRUE(reply("bob"));
    EXPECT_THAT(state("autoreply", "x.test"), ElementsAre(HasSubstr("not of domains")));
}

TEST_F(PluginStateTest, ItGoesWithTheAccount) {
    ASSERT_TRUE(reply("bob"));
    v1::AccountRequest remove;
    remove.set_address(kAnna);
    ASSERT_TRUE(answer_of<v1::Account>([&](auto done) { directory->delete_account(remove, done); }));
    clock.advance_ms(40ll * 86'400'000);
    directory->purge_expired();
    for (int i = 0; i < 20; ++i) settle();
    std::vector<std::string> left;
    const auto rows = keys::plugin_rows_of(AccountId{anna});
    ASSERT_TRUE(store->snapshot()->scan(rows.from, rows.to, [&](auto key, auto) { return left.emplace_back(key), true; }));
    EXPECT_THAT(left, IsEmpty());
}

}  // namespace
}  // namespace tayori::spool
