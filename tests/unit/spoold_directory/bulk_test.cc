// A table of accounts becomes the directory.
#include "bulk_site.h"

namespace tayori::spool {
namespace {

using namespace test;

TEST(BulkPlan, SaysWhoComesGoesAndChangesAndChangesNothing) {
    BulkSite site;
    for (const auto* address : {"anna@x.test", "ben@x.test", "carl@x.test", "dora@y.test"}) ASSERT_TRUE(site.add(address));
    const auto before = site.dump();
    const auto wanted = table({row("Anna@X.test", "安藤 杏奈"), row("ben@x.test"), row("emil@x.test", "江美留", "pw")});
    const auto plan = site.plan(wanted);
    EXPECT_EQ(BulkSite::said(plan), "changed anna@x.test; removed carl@x.test; added emil@x.test");
    EXPECT_EQ(plan.counts().kept(), 1U);
    EXPECT_EQ(plan.changes(0).fields(0).to(), "安藤 杏奈");
    EXPECT_EQ(plan.changes(2).line(), 4U);
    EXPECT_EQ(plan.change_id(), 0U);
    EXPECT_EQ(site.dump(), before);
    EXPECT_EQ(plan.SerializeAsString().find("pw"), std::string::npos);  // never a password
}

TEST(BulkPlan, NamesEverythingThatIsWrongByItsLine) {
    BulkSite site;
    ASSERT_TRUE(site.add("anna@x.test"));
    ASSERT_TRUE(site.add("ben@y.test"));
    ASSERT_TRUE(site.alias("info@y.test", {"ben@y.test"}));
    auto wanted = table({row("anna@x.test"), row("no address"), row("carl@elsewhere.test"), row("ANNA@x.test"),
                         with_aliases(row("dora@x.test"), {"ben@y.test"}), with_aliases(row("emil@x.test"), {"info@y.test"}),
                         row("info@y.test"), row("fred@x.test", {}, "two\nlines")});
    wanted.mutable_options()->set_missing(v1::MISSING_KEEP);
    const auto plan = site.plan(wanted);
    std::map<std::uint32_t, std::pair<v1::AccountsField, std::string>> found;
    for (const auto& problem : plan.problems())
        if (!problem.is_note()) found.try_emplace(problem.line(), problem.field(), problem.text());
    EXPECT_EQ(found[3].second, "\"no address\" is not an address: write name@domain.");
    EXPECT_NE(found[4].second.find("adminctl domain add elsewhere.test"), std::string::npos);
    EXPECT_EQ(found[5].second, "anna@x.test stands in line 2 already: leave it in one of both.");
    EXPECT_EQ(found[6].first, v1::ACCOUNTS_FIELD_ALIASES);
    EXPECT_EQ(found[7].second, "info@y.test stands in line 8 already: leave it in one of both.");
    EXPECT_EQ(found[9].first, v1::ACCOUNTS_FIELD_PASSWORD);
    EXPECT_FALSE(found.contains(2));
    EXPECT_EQ(site.apply(wanted).change_id(), 0U);
    EXPECT_EQ(kind_of(site.get("dora@x.test")), "not_found");
}

TEST(BulkPlan, NeitherTheTableNorTheDirectoryGivesAnAliasTwice) {
    BulkSite site;
    ASSERT_TRUE(site.add("anna@x.test"));
    ASSERT_TRUE(site.add("ben@x.test"));
    ASSERT_TRUE(site.alias("info@x.test", {"ben@x.test"}));
    auto wanted = table({with_aliases(row("anna@x.test"), {"info@x.test"}), row("ben@x.test")});
    EXPECT_NE(BulkSite::refusal(site.plan(wanted)).find("info@x.test is an alias of ben@x.test"), std::string::npos);
    // Taken from one and given to the other in the same table it is no conflict.
    wanted = table({with_aliases(row("anna@x.test"), {"info@x.test"}), with_aliases(row("ben@x.test"), {})});
    ASSERT_NE(site.apply(wanted).change_id(), 0U);
    EXPECT_EQ(site.resolved("info@x.test"), "anna@x.test");
}

TEST(BulkPlan, OnlyDomainsInTheTableLoseAccounts) {
    BulkSite site;
    for (const auto* address : {"anna@x.test", "ben@x.test", "carl@x.test", "dora@y.test", "emil@y.test"})
        ASSERT_TRUE(site.add(address));
    EXPECT_EQ(BulkSite::said(site.plan(table({row("anna@x.test"), row("ben@x.test")}))), "removed carl@x.test");
    auto wanted = table({row("anna@x.test"), row("dora@y.test")});
    wanted.mutable_options()->set_domain("y.test");
    EXPECT_EQ(BulkSite::said(site.plan(wanted)), "removed emil@y.test");
    EXPECT_TRUE(site.plan(table({})).changes().empty());
    wanted.mutable_options()->set_domain("z.test");
    EXPECT_EQ(kind_of(Bulk(site.directory->core()).plan(wanted, [] { return true; })), "not_found");
}

TEST(BulkPlan, MoreThanHalfOfADomainGoesOnlyWhereSomebodySaysHowMany) {
    BulkSite site;
    for (const auto* address : {"anna@x.test", "ben@x.test", "carl@x.test", "dora@x.test"}) ASSERT_TRUE(site.add(address));
    EXPECT_EQ(BulkSite::refusal(site.plan(table({row("anna@x.test"), row("ben@x.test")}))), "");
    auto tiny = table({row("anna@x.test")});
    EXPECT_NE(BulkSite::refusal(site.plan(tiny)).find("--yes-remove 3."), std::string::npos);
    tiny.mutable_options()->set_removals_agreed(2);
    EXPECT_NE(BulkSite::refusal(site.apply(tiny)), "");
    tiny.mutable_options()->set_removals_agreed(3);
    EXPECT_NE(site.apply(tiny).change_id(), 0U);
    auto empty = table({});
    empty.mutable_options()->set_domain("x.test");
    EXPECT_NE(BulkSite::refusal(site.plan(empty)).find("--yes-remove 1."), std::string::npos);
    empty.mutable_options()->set_missing(v1::MISSING_SUSPEND);
    EXPECT_NE(BulkSite::refusal(site.plan(empty)), "");
}

TEST(BulkApply, ANewPersonAtAKnownAddressGetsAnEmptyMailboxOfTheirOwn) {
    BulkSite site;
    const auto old_id = site.add("anna@x.test", "old").value().account_id();
    v1::SetAccountRequest named;
    named.set_address("anna@x.test");
    named.set_display_name("安藤 杏奈");
    ASSERT_TRUE(site.set(named));
    const auto wanted = table({row("anna@x.test", "安西 あんな", "new")});
    // The same one who has married, or another one? Nobody guesses.
    EXPECT_NE(BulkSite::refusal(site.plan(wanted)).find("--new anna@x.test"), std::string::npos);
    EXPECT_EQ(BulkSite::refusal(site.plan(table({row("anna@x.test", "安藤　杏奈")}))), "");  // the blank only

    auto same = wanted;
    same.mutable_options()->add_same_people("Anna@x.test");
    EXPECT_EQ(BulkSite::said(site.plan(same)), "changed anna@x.test");
    auto mistyped = wanted;
    mistyped.mutable_options()->add_new_people("ana@x.test");
    mistyped.mutable_options()->set_name_change(v1::NAME_CHANGE_SAME);
    EXPECT_EQ(BulkSite::refusal(site.plan(mistyped)), "0 ana@x.test is given with --new, and no line of the file has it.");
    auto other = wanted;
    other.mutable_options()->add_new_people("anna@x.test");
    other.mutable_options()->set_removals_agreed(1);
    const auto applied = site.apply(other);
    EXPECT_EQ(BulkSite::said(applied), "removed anna@x.test; added anna@x.test");
    const auto now = site.get("anna@x.test").value();
    EXPECT_GT(now.account_id(), old_id);
    EXPECT_EQ(site.retired(), std::vector<std::string>{"anna@x.test"});
    EXPECT_TRUE(site.login("anna@x.test", "new"));
    EXPECT_EQ(kind_of(site.login("anna@x.test", "old")), "auth_failed");
}

TEST(BulkApply, WhatLedToSomebodyWhoGoesLeadsToNobodyElse) {
    BulkSite site;
    for (const auto* address : {"anna@x.test", "ben@x.test", "carl@x.test"}) ASSERT_TRUE(site.add(address));
    ASSERT_TRUE(site.alias("a@x.test", {"anna@x.test"}));
    ASSERT_TRUE(site.alias("aa@y.test", {"a@x.test"}));
    ASSERT_TRUE(site.alias("class@x.test", {"anna@x.test", "ben@x.test"}));
    auto wanted = table({row("anna@x.test", {}, "new"), row("ben@x.test"), row("carl@x.test")});
    wanted.mutable_options()->add_new_people("anna@x.test");
    const auto before = site.dump();
    ASSERT_NE(site.apply(wanted).change_id(), 0U);
    EXPECT_EQ(site.resolved("a@x.test"), "NOT_FOUND");
    EXPECT_EQ(site.resolved("aa@y.test"), "NOT_FOUND");
    EXPECT_EQ(site.resolved("class@x.test"), "ben@x.test");
    ASSERT_NE(site.roll_back().value().change_id(), 0U);
    EXPECT_EQ(site.dump(), before);
    EXPECT_EQ(site.resolved("aa@y.test"), "anna@x.test");

    ASSERT_TRUE(site.set_catch_all("x.test", "anna@x.test"));
    EXPECT_NE(BulkSite::refusal(site.plan(wanted)).find("catch-all of x.test"), std::string::npos);
}

TEST(BulkApply, PasswordsThatAreTheSameAreNoChange) {
    BulkSite site;
    const auto ticket = [&](const char* user, const char* password) { return site.login(user, password).value().ticket(); };
    ASSERT_TRUE(site.add("anna@x.test", "apple"));
    ASSERT_TRUE(site.add("ben@x.test", "banana"));
    ASSERT_TRUE(site.add("carl@x.test"));
    const auto annas = ticket("anna@x.test", "apple");
    const auto bens = ticket("ben@x.test", "banana");
    auto wanted = table({row("anna@x.test", {}, "apple"), row("ben@x.test", {}, "blueberry"), row("carl@x.test", {}, "cherry")});
    wanted.mutable_options()->set_keep_passwords(true);
    EXPECT_EQ(BulkSite::said(site.plan(wanted)), "changed carl@x.test");
    wanted.mutable_options()->set_keep_passwords(false);
    EXPECT_EQ(BulkSite::said(site.apply(wanted)), "changed ben@x.test; changed carl@x.test");
    EXPECT_TRUE(site.tickets->verify(annas));  // who has not changed stays logged in
    EXPECT_FALSE(site.tickets->verify(bens));
    EXPECT_TRUE(site.login("ben@x.test", "blueberry"));
    EXPECT_TRUE(site.login("carl@x.test", "cherry"));
    EXPECT_TRUE(site.apply(wanted).changes().empty());  // and again: nothing
    ASSERT_TRUE(site.roll_back());
    EXPECT_TRUE(site.login("ben@x.test", "banana"));
    EXPECT_EQ(kind_of(site.login("carl@x.test", "cherry")), "auth_failed");
}

TEST(BulkApply, AllProtocolsOffIsSuspendedAndAHandIsStrongerThanATable) {
    BulkSite site;
    ASSERT_TRUE(site.add("anna@x.test", "pw"));
    ASSERT_TRUE(site.add("ben@x.test", "pw"));
    ASSERT_TRUE(site.suspend("ben@x.test"));
    const auto off = table({with_switches(row("anna@x.test"), false, false, false), row("ben@x.test")});
    EXPECT_EQ(BulkSite::said(site.apply(off)), "suspended anna@x.test");
    EXPECT_EQ(kind_of(site.login("anna@x.test", "pw")), "denied");
    const auto on = table({with_switches(row("anna@x.test"), false, true, true), with_switches(row("ben@x.test"), false, true, true)});
    const auto plan = site.apply(on);
    EXPECT_EQ(BulkSite::said(plan), "changed anna@x.test; changed ben@x.test");
    EXPECT_EQ(site.get("anna@x.test").value().state(), v1::ACCOUNT_STATE_ACTIVE);
    EXPECT_EQ(site.get("anna@x.test").value().protocols_size(), 2);
    EXPECT_EQ(site.get("ben@x.test").value().state(), v1::ACCOUNT_STATE_SUSPENDED);
    EXPECT_NE(plan.problems(0).text().find("suspended by hand"), std::string::npos);
}

TEST(BulkApply, APlanIsDoneExactlyOrNotAtAll) {
    BulkSite site;
    ASSERT_TRUE(site.add("anna@x.test", "pw"));
    ASSERT_TRUE(site.add("ben@x.test"));
    ASSERT_TRUE(site.add("carl@x.test"));
    auto wanted = table({with_quota(row("anna@x.test", {}, "pw"), 1000), row("ben@x.test"), row("dora@x.test")});
    wanted.mutable_options()->set_expected_digest(site.plan(wanted).digest());
    ASSERT_TRUE(site.login("anna@x.test", "pw"));  // matters to nobody
    ASSERT_TRUE(site.add("emil@y.test"));
    EXPECT_FALSE(site.plan(wanted).stale());
    ASSERT_TRUE(site.add("fred@x.test"));
    const auto stale = site.apply(wanted);
    EXPECT_TRUE(stale.stale());
    EXPECT_EQ(stale.change_id(), 0U);
    EXPECT_EQ(BulkSite::said(stale), "changed anna@x.test; removed carl@x.test; added dora@x.test; removed fred@x.test");
    ASSERT_TRUE(site.remove("fred@x.test"));
    auto other = wanted;
    other.mutable_rows(0)->set_password("other");
    EXPECT_TRUE(site.apply(other).stale());
    EXPECT_NE(other.rows(0).password(), wanted.rows(0).password());
    EXPECT_NE(site.apply(wanted).change_id(), 0U);
}

TEST(BulkApply, GivenUpBeforeTheCommitItHasDoneNothing) {
    BulkSite site;
    const auto before = site.dump();
    const auto outcome = Bulk(site.directory->core()).apply(table({row("anna@x.test", {}, "pw")}), [] { return false; });
    EXPECT_EQ(kind_of(outcome), "busy");
    EXPECT_EQ(site.dump(), before);
}

}  // namespace
}  // namespace tayori::spool
