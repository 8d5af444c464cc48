#include <gmock/gmock.h>

#include "site.h"

namespace tayori::spool::test {
namespace {

using testing::ElementsAre;

class Accounts : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(site.add_domain("x.test")); }

    std::vector<std::string> listed(const std::string& domain = {}, bool with_deleted = false) {
        v1::ListAccountsRequest request;
        request.set_domain(domain);
        request.set_with_deleted(with_deleted);
        std::vector<std::string> out;
        EXPECT_TRUE(site.directory->list_accounts(request, [&](const v1::Account& account) {
            out.push_back(account.address() + (account.state() == v1::ACCOUNT_STATE_DELETED ? " deleted" : ""));
            return true;
        }));
        return out;
    }
    std::uint64_t counted(const std::string& name) {
        const auto listed = site.directory->list_domains({}).value();
        for (const auto& domain : listed.domains())
            if (domain.name() == name) return domain.accounts();
        return 999;
    }
    Site site;
};

TEST_F(Accounts, DomainsAreAddedOnceAndKeptWhileUsed) {
    EXPECT_EQ(kind_of(site.add_domain("X.Test")), "exists");
    EXPECT_EQ(kind_of(site.add_domain("")), "invalid");
    EXPECT_EQ(kind_of(site.add_domain("no domain")), "invalid");
    EXPECT_EQ(kind_of(site.add_domain("[192.0.2.1]")), "invalid");
    ASSERT_TRUE(site.add("anna@x.test"));
    EXPECT_EQ(kind_of(site.delete_domain("x.test")), "no_target");
    ASSERT_TRUE(site.remove("anna@x.test"));
    EXPECT_EQ(kind_of(site.delete_domain("x.test")), "ok");
    EXPECT_EQ(kind_of(site.delete_domain("x.test")), "not_found");
    EXPECT_EQ(kind_of(site.undelete("anna@x.test")), "no_target");
    ASSERT_TRUE(site.add_domain("x.test"));
    EXPECT_EQ(kind_of(site.undelete("anna@x.test")), "ok");
}

TEST_F(Accounts, AddressesAreNormalisedAndChecked) {
    EXPECT_EQ(site.add("Anna@X.TEST")->address(), "anna@x.test");
    EXPECT_EQ(kind_of(site.add("anna@x.test")), "exists");
    EXPECT_EQ(kind_of(site.add("anna@y.test")), "no_target");
    EXPECT_EQ(kind_of(site.add("anna")), "invalid");
    EXPECT_EQ(kind_of(site.add("")), "invalid");
    EXPECT_EQ(kind_of(site.add("a b@x.test")), "invalid");
    ASSERT_TRUE(site.add_domain("xn--fsq.test"));
    EXPECT_EQ(site.add("\u5C71\u7530@xn--fsq.test")->address(), "\u5C71\u7530@\u4F8B.test");
    EXPECT_TRUE(site.get("\u5C71\u7530@\u4F8B.test"));
}

TEST_F(Accounts, GetTheDomainsQuotaOrTheirOwn) {
    v1::SetDomainRequest domain;
    domain.set_name("x.test");
    domain.set_default_quota_bytes(1000);
    domain.set_default_quota_messages(10);
    ASSERT_TRUE(wait_for<v1::Domain>([&](auto done) { site.directory->set_domain(domain, done); }));
    auto anna = site.add("anna@x.test");
    EXPECT_EQ(anna->quota_bytes(), 1000U);
    EXPECT_EQ(anna->quota_messages(), 10U);
    v1::AddAccountRequest request;
    request.set_address("bob@x.test");
    request.set_quota_bytes(0);
    request.add_protocols(v1::PROTOCOL_POP3);
    request.set_display_name("\u30DC\u30D6");
    auto bob = site.add(request);
    EXPECT_EQ(bob->quota_bytes(), 0U);
    EXPECT_EQ(bob->quota_messages(), 10U);
    EXPECT_THAT(bob->protocols(), ElementsAre(v1::PROTOCOL_POP3));
    EXPECT_EQ(bob->display_name(), "\u30DC\u30D6");
    EXPECT_EQ(bob->form(), v1::MAILBOX_FORM_IMAP4);
    EXPECT_TRUE(account_limits(*site.store, bob->account_id())->receives);
    EXPECT_FALSE(account_limits(*site.store, 4711)->receives);
}

TEST_F(Accounts, IdsAreNeverUsedAgain) {
    const auto first = site.add("anna@x.test")->account_id();
    ASSERT_TRUE(site.remove("anna@x.test"));
    EXPECT_EQ(kind_of(site.get("anna@x.test")), "not_found");
    const auto second = site.add("anna@x.test")->account_id();
    EXPECT_GT(second, first);
    EXPECT_EQ(kind_of(site.undelete("anna@x.test")), "exists");
    ASSERT_TRUE(site.remove("anna@x.test"));
    // The one deleted last comes back.
    EXPECT_EQ(site.undelete("anna@x.test")->account_id(), second);
    site.clock.advance_ms(8LL * 86'400'000);
    site.directory->purge_expired();
    site.reopen();
    EXPECT_GT(site.add("bob@x.test")->account_id(), second);
    EXPECT_EQ(counted("x.test"), 2U);
}

TEST_F(Accounts, ComeBackWithinTheGraceAndGoForGoodAfterIt) {
    const auto id = site.add("anna@x.test", "pencil")->account_id();
    auto deleted = site.remove("anna@x.test");
    EXPECT_EQ(deleted->state(), v1::ACCOUNT_STATE_DELETED);
    EXPECT_FALSE(account_limits(*site.store, id)->receives);
    EXPECT_THAT(listed(), ElementsAre());
    EXPECT_THAT(listed({}, true), ElementsAre("anna@x.test deleted"));
    EXPECT_EQ(kind_of(site.remove("anna@x.test")), "not_found");
    site.clock.advance_ms(6LL * 86'400'000);
    site.directory->purge_expired();
    auto back = site.undelete("anna@x.test");
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(back->account_id(), id);
    EXPECT_TRUE(site.login("anna@x.test", "pencil"));
    EXPECT_EQ(kind_of(site.undelete("anna@x.test")), "not_found");

    ASSERT_TRUE(site.remove("anna@x.test"));
    site.clock.advance_ms(8LL * 86'400'000);
    EXPECT_EQ(kind_of(site.undelete("anna@x.test")), "not_found");
    site.directory->purge_expired();
    ASSERT_TRUE(site.add("later@x.test"));  // a commit behind the purge's first
    while (site.directory->core()->purging) std::this_thread::yield();
    EXPECT_THAT(listed({}, true), ElementsAre("later@x.test"));
    EXPECT_EQ(kind_of(site.directory->address_of(id)), "not_found");
    EXPECT_TRUE(site.mailboxes.purged.contains(id));
    EXPECT_FALSE(*site.store->get(cat("test mailbox ", id)));
}

TEST_F(Accounts, RenameTakesAliasesAndCatchAllAlong) {
    ASSERT_TRUE(site.add_domain("y.test"));
    const auto id = site.add("anna@x.test", "pencil")->account_id();
    ASSERT_TRUE(site.add("bob@x.test"));
    ASSERT_TRUE(site.alias("info@x.test", {"Anna@x.test", "bob@x.test"}));
    ASSERT_TRUE(site.set_catch_all("y.test", "anna@x.test"));
    EXPECT_EQ(kind_of(site.rename("anna@x.test", "bob@x.test")), "exists");
    EXPECT_EQ(kind_of(site.rename("anna@x.test", "anna@z.test")), "no_target");
    EXPECT_EQ(kind_of(site.rename("nobody@x.test", "somebody@x.test")), "not_found");
    auto renamed = site.rename("anna@x.test", "hanna@y.test");
    ASSERT_TRUE(renamed) << renamed.error().text;
    EXPECT_EQ(renamed->account_id(), id);
    EXPECT_THAT(renamed->aliases(), ElementsAre("info@x.test"));
    EXPECT_EQ(site.resolved("info@x.test"), "hanna@y.test bob@x.test");
    EXPECT_EQ(site.resolved("anything@y.test"), "hanna@y.test");
    EXPECT_EQ(site.resolved("anna@x.test"), "NOT_FOUND");
    EXPECT_EQ(counted("x.test"), 1U);
    EXPECT_EQ(counted("y.test"), 1U);

    ASSERT_TRUE(site.rename("hanna@y.test", "hanna@x.test", true));
    EXPECT_EQ(site.resolved("hanna@y.test"), "hanna@x.test");
    EXPECT_EQ(site.login("hanna@y.test", "pencil")->address(), "hanna@x.test");
    EXPECT_THAT(site.get("hanna@x.test")->aliases(), ElementsAre("hanna@y.test", "info@x.test"));
    EXPECT_TRUE(site.rename("hanna@x.test", "HANNA@x.test"));
}

TEST_F(Accounts, AreChangedAndListed) {
    ASSERT_TRUE(site.add_domain("a.test"));
    ASSERT_TRUE(site.add("zoe@a.test"));
    ASSERT_TRUE(site.add("anna@x.test"));
    EXPECT_THAT(listed(), ElementsAre("zoe@a.test", "anna@x.test"));
    EXPECT_THAT(listed("X.test"), ElementsAre("anna@x.test"));
    EXPECT_EQ(kind_of(site.directory->list_accounts([] {
                  v1::ListAccountsRequest request;
                  request.set_domain("none.test");
                  return request;
              }(),
                                                    [](const v1::Account&) { return true; })),
              "not_found");
    v1::SetAccountRequest change;
    change.set_address("anna@x.test");
    change.set_quota_bytes(5);
    change.mutable_protocols()->add_protocols(v1::PROTOCOL_IMAP);
    auto changed = site.set(change);
    EXPECT_EQ(changed->quota_bytes(), 5U);
    EXPECT_THAT(changed->protocols(), ElementsAre(v1::PROTOCOL_IMAP));
    EXPECT_EQ(site.suspend("anna@x.test")->state(), v1::ACCOUNT_STATE_SUSPENDED);
    EXPECT_EQ(site.resolved("anna@x.test"), "anna@x.test");
    EXPECT_EQ(site.suspend("anna@x.test", false)->state(), v1::ACCOUNT_STATE_ACTIVE);
    EXPECT_EQ(site.directory->counts()->accounts, 2U);
    EXPECT_EQ(site.directory->counts()->domains, 2U);
}

TEST_F(Accounts, ALostCounterIsFoundAndRaisedAtTheStart) {
    const auto id = site.add("anna@x.test")->account_id();
    EXPECT_THAT(site.directory->verify().value(), ElementsAre());
    std::promise<void> erased;
    store::Request request;
    request.apply = [](store::Transaction& transaction) -> Result<void> {
        transaction.erase(row_key::next_account());
        return {};
    };
    request.done = [&](Result<void>) { erased.set_value(); };
    site.store->submit(std::move(request));
    erased.get_future().wait();
    EXPECT_EQ(site.directory->verify()->size(), 1U);
    site.reopen();
    EXPECT_THAT(site.directory->verify().value(), ElementsAre());
    EXPECT_EQ(site.add("bob@x.test")->account_id(), id + 1);
}

}  // namespace
}  // namespace tayori::spool::test
