#include "site.h"

namespace tayori::spool {
namespace {

v1::ImportedChange flags_of(const std::string& name, std::uint32_t flags,
                            const std::vector<std::string>& keywords = {}) {
    v1::ImportedChange change;
    change.set_identity(identity(name));
    change.set_flags(flags);
    for (const auto& keyword : keywords) change.add_keywords(keyword);
    return change;
}
v1::ImportedChange gone(const std::string& name) {
    v1::ImportedChange change;
    change.set_identity(identity(name));
    change.set_gone(true);
    return change;
}

class ChangeImportedTest : public ImportTest {
  protected:
    Result<v1::ChangeImportedReply> change(const std::vector<v1::ImportedChange>& changes) {
        v1::ChangeImportedRequest request;
        request.set_import_id(import.import_id());
        request.set_account_id(account.account_id());
        for (const auto& one : changes) *request.add_changes() = one;
        return wait_for_answer<v1::ChangeImportedReply>(
            [&](auto done) { imports->change(std::make_shared<const v1::ChangeImportedRequest>(request), done); });
    }
    void begin_with_three() {
        begin({folder("INBOX", 5, 100)}, 3);
        ASSERT_TRUE(send({{"a", 1, "a", 1, 0, {}, {}}, {"b", 2, "b", 2, 0, {}, {}}, {"c", 3, "c", 3, 0, {}, {}}}));
        close_account();
    }
};

TEST_F(ChangeImportedTest, FlagsFollowTheSource) {
    begin_with_three();
    const auto done = change({flags_of("a", v1::SYSTEM_FLAG_SEEN), flags_of("b", v1::SYSTEM_FLAG_FLAGGED, {"$Work"}),
                              flags_of("c", 0), flags_of("never came", 0)});
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->changed(), 2U);  // c was so already
    EXPECT_EQ(references("INBOX")[0].flags, v1::SYSTEM_FLAG_SEEN);
    EXPECT_EQ(references("INBOX")[1].flags, v1::SYSTEM_FLAG_FLAGGED);
    EXPECT_EQ(references("INBOX")[1].keywords.size(), 1U);
    EXPECT_EQ(change({flags_of("b", v1::SYSTEM_FLAG_FLAGGED, {"$Work"})})->changed(), 0U);
}

TEST_F(ChangeImportedTest, WhatIsGoneAtTheSourceGoesAndStaysKnown) {
    begin_with_three();
    const auto done = change({gone("b"), flags_of("a", v1::SYSTEM_FLAG_SEEN)});
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->removed(), 1U);
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 3U));
    EXPECT_EQ(change({gone("b")})->removed(), 0U);
    ASSERT_TRUE(open_account(account_request({folder("INBOX", 5, 100)}, 3)));
    EXPECT_EQ(account.folders(0).source_uid_validity(), 5U);
    EXPECT_EQ(send({{"b", 2, "b", 2, 0, {}, {}}})->known(), 1U);
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 3U));
    // The import still changed all there is: undo takes the account back.
    EXPECT_EQ(undo()->accounts_removed(), 1U);
}

TEST_F(ChangeImportedTest, AfterTheFirstLoginTheMailboxIsItsOwners) {
    begin_with_three();
    ASSERT_TRUE(login("secret of anna"));
    const auto done = change({gone("b"), flags_of("a", v1::SYSTEM_FLAG_SEEN)});
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->clients_came());
    EXPECT_EQ(uids("INBOX").size(), 3U);
    EXPECT_EQ(references("INBOX")[0].flags, 0);
}

TEST_F(ChangeImportedTest, TheTimeOfTheLastCompleteRunIsKept) {
    begin_with_three();
    std::int64_t finished = 0;
    ASSERT_TRUE(imports->list_accounts(ImportId{import.import_id()}, [&](const v1::ImportAccount& one) {
        finished = one.finished_s();
        return true;
    }));
    EXPECT_GT(finished, 0);
}

TEST_F(ChangeImportedTest, TooManyAtOnceAreRefused) {
    begin_with_three();
    EXPECT_EQ(change(std::vector<v1::ImportedChange>(kImportChangesMax + 1, gone("a"))).error().kind, Kind::invalid);
}

}  // namespace
}  // namespace tayori::spool
