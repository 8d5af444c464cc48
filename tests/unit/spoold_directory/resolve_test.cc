#include <gmock/gmock.h>

#include "site.h"

namespace tayori::spool::test {
namespace {

class Resolving : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(site.add_domain("x.test"));
        anna = site.add("anna@x.test")->account_id();
        bob = site.add("bob@x.test")->account_id();
    }
    Site site;
    std::uint64_t anna = 0;
    std::uint64_t bob = 0;
};

TEST_F(Resolving, Addresses) {
    ASSERT_TRUE(site.add("anna+exact@x.test"));
    ASSERT_TRUE(site.alias("info@x.test", {"anna@x.test", "bob@x.test", "Carl@Elsewhere.test"}));
    ASSERT_TRUE(site.alias("all@x.test", {"info@x.test", "anna@x.test"}));
    ASSERT_TRUE(site.alias("lists@x.test", {"bob+lists@x.test"}));
    const std::pair<std::string, std::string> cases[] = {
        {"anna@x.test", "anna@x.test"},
        {"ANNA@X.TEST", "anna@x.test"},
        {"\"anna\"@x.test", "anna@x.test"},
        {"anna+tag@x.test", "anna@x.test+tag"},
        {"anna+a+b@x.test", "anna@x.test+a+b"},
        {"anna+@x.test", "anna@x.test"},
        {"anna+exact@x.test", "anna+exact@x.test"},
        {"+anna@x.test", "NOT_FOUND"},
        {"info@x.test", "anna@x.test bob@x.test >Carl@Elsewhere.test"},
        {"info+sale@x.test", "anna@x.test+sale bob@x.test+sale >Carl@Elsewhere.test"},
        {"all@x.test", "anna@x.test bob@x.test >Carl@Elsewhere.test"},
        {"lists@x.test", "bob@x.test+lists"},
        {"nobody@x.test", "NOT_FOUND"},
        {"anna@sub.x.test", "DENIED"},
        {"anna@elsewhere.test", "DENIED"},
        {"anna@[192.0.2.1]", "DENIED"},
        {"anna", "INVALID"},
        {"", "INVALID"},
        {"postmaster", "anna@x.test"},
        {"PostMaster@x.test", "anna@x.test"},
        {"postmaster@elsewhere.test", "DENIED"},
    };
    for (const auto& [address, outcome] : cases)
        for (int again = 0; again < 2; ++again) EXPECT_EQ(site.resolved(address), outcome) << address;
    EXPECT_EQ(site.resolved("Anna@Elsewhere.test", anna), ">Anna@Elsewhere.test");
    EXPECT_EQ(site.resolved("anna@[192.0.2.1]", anna), ">anna@[192.0.2.1]");
    EXPECT_EQ(site.resolved("nobody@x.test", anna), "NOT_FOUND");
}

TEST_F(Resolving, PostmasterIsReachableAsSoonAsThereIsAnybody) {
    Site fresh;
    EXPECT_EQ(fresh.resolved("postmaster"), "BUSY");
    ASSERT_TRUE(fresh.add_domain("x.test"));
    EXPECT_EQ(fresh.resolved("postmaster@x.test"), "BUSY");
    EXPECT_EQ(fresh.resolved("postmaster"), "BUSY");
    ASSERT_TRUE(fresh.add("first@x.test"));
    ASSERT_TRUE(fresh.add("second@x.test"));
    EXPECT_EQ(fresh.resolved("postmaster@x.test"), "first@x.test");
    ASSERT_TRUE(fresh.remove("first@x.test"));
    EXPECT_EQ(fresh.resolved("postmaster@x.test"), "second@x.test");
    ASSERT_TRUE(fresh.set_catch_all("x.test", "second@x.test"));
    ASSERT_TRUE(fresh.add("third@x.test"));
    ASSERT_TRUE(fresh.alias("postmaster@x.test", {"third@x.test"}));
    EXPECT_EQ(fresh.resolved("postmaster@x.test"), "third@x.test");
    EXPECT_EQ(fresh.resolved("postmaster"), "third@x.test");
}

TEST_F(Resolving, TheSitesPostmasterComesBeforeTheCatchAll) {
    auto options = Site::quick();
    options.postmaster = "boss@x.test";
    Site with_setting(options);
    ASSERT_TRUE(with_setting.add_domain("x.test"));
    ASSERT_TRUE(with_setting.add_domain("y.test"));
    ASSERT_TRUE(with_setting.add("old@x.test"));
    EXPECT_EQ(with_setting.resolved("postmaster@y.test"), "old@x.test");  // the setting leads nowhere yet
    ASSERT_TRUE(with_setting.add("boss@x.test"));
    ASSERT_TRUE(with_setting.set_catch_all("y.test", "old@x.test"));
    EXPECT_EQ(with_setting.resolved("postmaster@y.test"), "boss@x.test");
    EXPECT_EQ(with_setting.resolved("postmaster"), "boss@x.test");
    EXPECT_EQ(with_setting.resolved("any@y.test"), "old@x.test");
}

TEST_F(Resolving, CatchAllGetsWhatNobodyElseDoes) {
    EXPECT_EQ(kind_of(site.set_catch_all("x.test", "nobody@x.test")), "no_target");
    EXPECT_EQ(kind_of(site.set_catch_all("none.test", "anna@x.test")), "not_found");
    ASSERT_TRUE(site.set_catch_all("x.test", "anna@x.test"));
    EXPECT_EQ(site.resolved("nobody@x.test"), "anna@x.test");
    EXPECT_EQ(site.resolved("bob@x.test"), "bob@x.test");
    ASSERT_TRUE(site.remove("anna@x.test"));
    EXPECT_EQ(site.resolved("nobody@x.test"), "BUSY");  // it leads to itself: ours to mend, not the sender's
    ASSERT_TRUE(site.set_catch_all("x.test", ""));
    EXPECT_EQ(site.resolved("nobody@x.test"), "NOT_FOUND");
}

TEST_F(Resolving, AliasesAreChecked) {
    EXPECT_EQ(kind_of(site.alias("info@x.test", {})), "invalid");
    EXPECT_EQ(kind_of(site.alias("info@x.test", {"not an address"})), "invalid");
    EXPECT_EQ(kind_of(site.alias("info@x.test", {"nobody@x.test"})), "no_target");
    EXPECT_EQ(kind_of(site.alias("info@y.test", {"anna@x.test"})), "no_target");
    EXPECT_EQ(kind_of(site.alias("anna@x.test", {"bob@x.test"})), "exists");
    ASSERT_TRUE(site.alias("info@x.test", {"anna@x.test", "ANNA@x.test"}));
    EXPECT_EQ(site.get("anna@x.test")->aliases_size(), 1);
    EXPECT_EQ(kind_of(site.alias("info@x.test", {"bob@x.test"})), "exists");
    EXPECT_EQ(kind_of(site.add("info@x.test")), "exists");
    EXPECT_EQ(kind_of(site.delete_alias("anna@x.test")), "not_found");
    EXPECT_EQ(kind_of(site.delete_alias("none@x.test")), "not_found");
    ASSERT_TRUE(site.delete_alias("info@x.test"));
    EXPECT_EQ(site.resolved("info@x.test"), "NOT_FOUND");
    EXPECT_EQ(site.get("anna@x.test")->aliases_size(), 0);
}

TEST_F(Resolving, AliasesMayNotGoInCirclesOrTooDeep) {
    ASSERT_TRUE(site.alias("a@x.test", {"anna@x.test", "bob@x.test"}));
    ASSERT_TRUE(site.alias("b@x.test", {"a@x.test"}));
    ASSERT_TRUE(site.delete_alias("a@x.test"));
    EXPECT_EQ(site.resolved("b@x.test"), "NOT_FOUND");
    EXPECT_EQ(kind_of(site.alias("a@x.test", {"b@x.test"})), "no_target");
    ASSERT_TRUE(site.alias("a@x.test", {"anna@x.test"}));
    std::string last = "a@x.test";
    std::size_t depth = 1;
    for (; depth < 2 * kAliasDepthMax; ++depth) {
        const auto next = cat("deep", depth, "@x.test");
        auto added = site.alias(next, {last});
        if (!added) {
            EXPECT_EQ(kind_of(added), "invalid");
            break;
        }
        last = next;
    }
    EXPECT_EQ(depth, kAliasDepthMax);
    EXPECT_EQ(site.resolved(last), "anna@x.test");
}

TEST_F(Resolving, RoomIsLookedAtForEachRecipient) {
    v1::SetAccountRequest limit;
    limit.set_address("anna@x.test");
    limit.set_quota_bytes(1000);
    limit.set_quota_messages(3);
    ASSERT_TRUE(site.set(limit));
    ASSERT_TRUE(site.alias("both@x.test", {"anna@x.test", "bob@x.test"}));
    const auto kind = [&](const std::string& address, std::uint64_t bytes) {
        return site.resolve(address, {}, bytes).refused().kind();
    };
    EXPECT_EQ(kind("anna@x.test", 0), v1::ERROR_KIND_UNSPECIFIED);
    EXPECT_EQ(kind("anna@x.test", 1000), v1::ERROR_KIND_UNSPECIFIED);
    EXPECT_EQ(kind("anna@x.test", 1001), v1::ERROR_KIND_TOO_BIG);
    site.mailboxes.facts[anna] = {500, 1, false};
    EXPECT_EQ(kind("anna@x.test", 501), v1::ERROR_KIND_OVER_QUOTA);
    EXPECT_EQ(kind("both@x.test", 501), v1::ERROR_KIND_UNSPECIFIED);
    site.mailboxes.facts[anna] = {10, 3, false};
    EXPECT_EQ(kind("anna@x.test", 0), v1::ERROR_KIND_OVER_QUOTA);
    EXPECT_EQ(site.resolve("anna@x.test").targets_size(), 0);
    const auto asked = site.mailboxes.asked;
    site.mailboxes.facts[anna] = {10, 1, false};
    EXPECT_EQ(site.resolve("both@x.test").targets_size(), 2);
    EXPECT_EQ(site.mailboxes.asked, asked + 1) << "once, and only who has a quota";
}

TEST_F(Resolving, SendersUseAddressesOfTheirOwn) {
    ASSERT_TRUE(site.alias("info@x.test", {"anna@x.test"}));
    ASSERT_TRUE(site.alias("deep@x.test", {"info@x.test"}));
    ASSERT_TRUE(site.set_catch_all("x.test", "anna@x.test"));
    ASSERT_TRUE(site.alias("anna+bob@x.test", {"bob@x.test"}));
    const auto check = [&](std::uint64_t id, const std::string& address) {
        return kind_of(site.directory->check_sender(id, address));
    };
    for (const auto* mine : {"", "anna@x.test", "Anna@X.test", "anna+tag@x.test", "info@x.test", "info+tag@x.test",
                             "deep@x.test"})
        EXPECT_EQ(check(anna, mine), "ok") << mine;
    for (const auto* other : {"bob@x.test", "anna@y.test", "nobody@x.test", "anna", "anna+bob@x.test"})
        EXPECT_EQ(check(anna, other), "denied") << other;
    EXPECT_EQ(check(bob, "info@x.test"), "denied");
    EXPECT_EQ(check(bob, "anna+bob@x.test"), "ok");
}

}  // namespace
}  // namespace tayori::spool::test
