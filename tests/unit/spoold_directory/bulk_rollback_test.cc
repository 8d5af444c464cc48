// What a table did is taken back.
#include <random>
#include <thread>

#include "bulk_site.h"

namespace tayori::spool {
namespace {

using namespace test;

constexpr std::int64_t kDayMs = 86'400'000;

// Three people of before; afterwards one is gone, one changed, one new, and one replaced.
struct YearEnd {
    BulkSite site;
    std::string before;
    v1::AccountsTable wanted;
    YearEnd() {
        EXPECT_TRUE(site.add("anna@x.test", "annas"));
        EXPECT_TRUE(site.add("ben@x.test", "bens"));
        EXPECT_TRUE(site.add("carl@x.test", "carls"));
        EXPECT_TRUE(site.add("zoe@x.test", "zoes"));
        EXPECT_TRUE(site.alias("c@x.test", {"carl@x.test"}));
        EXPECT_TRUE(site.suspend("carl@x.test"));
        before = site.dump();
        wanted = table({with_aliases(with_quota(row("anna@x.test", "安藤", "new"), 5000), {"a@x.test"}),
                        row("ben@x.test", {}, "other"), row("dora@x.test", "土井", "doras"), row("zoe@x.test")});
        wanted.mutable_options()->add_new_people("ben@x.test");
        EXPECT_NE(site.apply(wanted).change_id(), 0U);
    }
};

TEST(BulkRollback, BringsEverybodyBackExactly) {
    YearEnd year;
    auto& site = year.site;
    const auto after = site.dump();
    EXPECT_EQ(site.retired(), (std::vector<std::string>{"ben@x.test", "carl@x.test"}));
    const auto undone = site.roll_back().value();
    EXPECT_EQ(BulkSite::said(undone), "changed anna@x.test; removed ben@x.test; returned ben@x.test; returned carl@x.test; "
                                      "removed dora@x.test");
    EXPECT_EQ(site.dump(), year.before);
    EXPECT_EQ(site.retired(), (std::vector<std::string>{"ben@x.test", "dora@x.test"}));
    EXPECT_TRUE(site.login("ben@x.test", "bens"));
    EXPECT_TRUE(site.login("anna@x.test", "annas"));
    EXPECT_EQ(site.get("carl@x.test").value().state(), v1::ACCOUNT_STATE_SUSPENDED);
    EXPECT_EQ(kind_of(site.roll_back()), "not_found");

    // A rollback is a change too.
    ASSERT_NE(site.roll_back(undone.change_id()).value().change_id(), 0U);
    EXPECT_EQ(site.dump(), after);
    ASSERT_NE(site.roll_back().value().change_id(), 0U);
    EXPECT_EQ(site.dump(), year.before);
    const auto changes = site.changes();
    ASSERT_EQ(changes.size(), 4U);
    EXPECT_EQ(changes[3].undone_by(), changes[0].change_id());
    EXPECT_EQ(changes[3].file(), "accounts.csv");
    EXPECT_EQ(changes[3].counts().removed(), 2U);
    EXPECT_EQ(changes[3].until_s(), 0);
}

TEST(BulkRollback, SurvivesAStartBetween) {
    YearEnd year;
    year.site.reopen();
    ASSERT_NE(year.site.roll_back().value().change_id(), 0U);
    EXPECT_EQ(year.site.dump(), year.before);
}

TEST(BulkRollback, NamesWhatHandsHaveChangedAndIsRefused) {
    YearEnd year;
    auto& site = year.site;
    v1::SetAccountRequest quota;
    quota.set_address("anna@x.test");
    quota.set_quota_bytes(7777);
    ASSERT_TRUE(site.set(quota));
    ASSERT_TRUE(site.set_password("anna@x.test", "annas own"));
    ASSERT_TRUE(site.add("carl@x.test"));
    ASSERT_TRUE(site.remove("dora@x.test"));
    ASSERT_TRUE(site.delete_alias("a@x.test"));
    const auto now = site.dump();
    const auto refused = site.roll_back().value();
    EXPECT_EQ(refused.change_id(), 0U);
    std::set<std::string> named;
    for (const auto& problem : refused.problems()) named.insert(cat(problem.address(), " ", v1::AccountsField_Name(problem.field())));
    EXPECT_EQ(named, (std::set<std::string>{"a@x.test ACCOUNTS_FIELD_ALIASES", "anna@x.test ACCOUNTS_FIELD_PASSWORD",
                                            "anna@x.test ACCOUNTS_FIELD_QUOTA", "carl@x.test ACCOUNTS_FIELD_ADDRESS",
                                            "dora@x.test ACCOUNTS_FIELD_STATE"}));
    EXPECT_EQ(site.dump(), now);

    const auto forced = site.roll_back(0, true).value();
    EXPECT_NE(forced.change_id(), 0U);
    EXPECT_TRUE(site.login("anna@x.test", "annas"));
    EXPECT_EQ(site.get("anna@x.test").value().quota_bytes(), 0U);
    EXPECT_EQ(kind_of(site.login("carl@x.test", "carls")), "auth_failed");  // the new Carl keeps the address
    EXPECT_TRUE(site.login("ben@x.test", "bens"));
    EXPECT_NE(site.dump(), "");
}

TEST(BulkRollback, WhatTheTableDidNotTouchStaysAsHandsHaveIt) {
    YearEnd year;
    ASSERT_TRUE(year.site.suspend("anna@x.test"));
    ASSERT_TRUE(year.site.add("emil@x.test"));
    ASSERT_NE(year.site.roll_back().value().change_id(), 0U);
    EXPECT_EQ(year.site.get("anna@x.test").value().state(), v1::ACCOUNT_STATE_SUSPENDED);
    EXPECT_TRUE(year.site.get("emil@x.test"));
}

TEST(BulkRollback, AnImportedHashThatBecameKeysIsNoOtherPassword) {
    BulkSite site;
    ASSERT_TRUE(site.add("anna@x.test", "before"));
    auto hashed = row("anna@x.test");
    // crypt("secret"), as another server kept it.
    hashed.set_password_hash("{SHA256-CRYPT}$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA");
    auto imported = site.apply(table({hashed}));
    ASSERT_EQ(BulkSite::said(imported), "changed anna@x.test");
    const auto id = site.get("anna@x.test").value().account_id();
    const auto as_imported = site.password_of(id);
    ASSERT_TRUE(site.login("anna@x.test", "secret"));
    ASSERT_TRUE(site.add("later@y.test"));  // behind the upgrade
    ASSERT_NE(site.password_of(id), as_imported);
    const auto undone = site.roll_back().value();
    EXPECT_EQ(BulkSite::refusal(undone), "");
    EXPECT_TRUE(site.login("anna@x.test", "before"));
}

TEST(BulkRollback, ALaterChangeGoesFirst) {
    YearEnd year;
    auto& site = year.site;
    auto more = year.wanted;
    more.clear_options();
    *more.add_rows() = row("emil@x.test");
    const auto second = site.apply(more).change_id();
    ASSERT_NE(second, 0U);
    EXPECT_NE(BulkSite::refusal(site.roll_back(second - 1).value()).find(cat("Change ", second, " came later")),
              std::string::npos);
    ASSERT_NE(site.roll_back().value().change_id(), 0U);
    ASSERT_NE(site.roll_back().value().change_id(), 0U);
    EXPECT_EQ(site.dump(), year.before);
}

TEST(BulkRetired, StayForRetireDaysAndGoForGood) {
    YearEnd year;
    auto& site = year.site;
    ASSERT_TRUE(site.remove("anna@x.test"));  // by hand: undelete_days, which are fewer here
    const auto purge = [&] {
        site.directory->purge_expired();
        while (site.directory->core()->purging.load()) std::this_thread::yield();
    };
    site.clock.advance_ms(8 * kDayMs);
    purge();
    EXPECT_EQ(site.mailboxes.purged.size(), 1U);
    EXPECT_EQ(site.retired().size(), 2U);
    site.clock.advance_ms(11 * kDayMs);
    purge();
    EXPECT_EQ(site.retired().size(), 2U);
    site.clock.advance_ms(2 * kDayMs);
    EXPECT_EQ(kind_of(site.roll_back()), "not_found");  // no longer, though the housekeeper has not come yet
    purge();
    EXPECT_EQ(site.retired().size(), 0U);
    EXPECT_EQ(site.mailboxes.purged.size(), 3U);
    // Nothing of it is left but the line in the list: entries had keys of passwords.
    const auto entries = row_key::bulk_entries_begin(1);
    std::size_t left = 0;
    ASSERT_TRUE(site.store->snapshot()->scan(entries, row_key::end_of(entries), [&](std::string_view, std::string_view) {
        ++left;
        return true;
    }));
    EXPECT_EQ(left, 0U);
    EXPECT_EQ(site.changes().size(), 1U);
}

TEST(BulkRetired, CanBeUndeletedWhileTheAddressIsFree) {
    YearEnd year;
    EXPECT_TRUE(year.site.undelete("carl@x.test"));
    EXPECT_TRUE(year.site.login("carl@x.test", "carls"));
    EXPECT_EQ(kind_of(year.site.undelete("ben@x.test")), "exists");
}

// Whatever is applied, taking it back gives what there was, and taking that back what was applied.
TEST(BulkProperty, RollbackIsTheInverse) {
    BulkSite site;
    std::mt19937 chance(20260401);
    const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(chance); };
    const std::vector<std::string> people{"a", "b", "c", "d", "e", "f", "g"};
    int changes = 0;
    for (int round = 0; round < 60; ++round) {
        std::vector<v1::AccountsRow> rows;
        auto wanted = table({});
        for (const auto& person : people) {
            if (pick(3) == 0) continue;
            const auto address = person + (pick(4) == 0 ? "@y.test" : "@x.test");
            auto line = row(address, pick(2) == 0 ? cat("name ", pick(3)) : "", pick(3) == 0 ? cat("pw ", pick(2)) : "");
            if (pick(2) == 0) line = with_quota(line, 1000 * pick(3));
            if (pick(3) == 0) line = with_switches(line, pick(2) == 0, pick(2) == 0, pick(2) == 0);
            if (pick(2) == 0) line = with_aliases(line, pick(2) == 0 ? std::vector<std::string>{cat("alias-", person, "@x.test")}
                                                                    : std::vector<std::string>{});
            rows.push_back(line);
            if (pick(3) == 0) wanted.mutable_options()->add_new_people(address);
        }
        auto options = wanted.options();
        options.set_name_change(v1::NAME_CHANGE_SAME);
        wanted = table(rows);
        *wanted.mutable_options() = options;
        if (const auto plan = site.plan(wanted); plan.counts().removed() != 0)
            wanted.mutable_options()->set_removals_agreed(plan.counts().removed());
        const auto before = site.dump();
        const auto applied = site.apply(wanted);
        if (applied.change_id() == 0) {  // an alias of somebody in the other domain, or nothing to do
            ASSERT_EQ(site.dump(), before) << round;
            continue;
        }
        ++changes;
        const auto after = site.dump();
        const auto undone = site.roll_back().value();
        ASSERT_NE(undone.change_id(), 0U) << round << BulkSite::refusal(undone);
        ASSERT_EQ(site.dump(), before) << round;
        if (pick(2) == 0) continue;
        ASSERT_NE(site.roll_back(undone.change_id()).value().change_id(), 0U) << round;
        ASSERT_EQ(site.dump(), after) << round;
    }
    EXPECT_GT(changes, 30);
}

}  // namespace
}  // namespace tayori::spool
