#include "site.h"
#include "spoold/directory/imported.h"

namespace tayori::spool {
namespace {

TEST_F(ImportTest, UndoLeavesNothing) {
    begin({folder("INBOX", 5, 100), folder("Old")}, 2);
    ASSERT_TRUE(send({{"a", 1, "a", 1, 0, {}, {}}, {"b", 2, "b", 2, 0, {}, {}}}));
    auto undone = undo();
    ASSERT_TRUE(undone) << undone.error().text;
    EXPECT_EQ(undone->accounts_removed(), 1U);
    EXPECT_EQ(undone->mails_removed(), 2U);
    EXPECT_THAT(undone->kept(), IsEmpty());
    EXPECT_FALSE(get_account());
    EXPECT_EQ(undone->import().state(), v1::IMPORT_STATE_UNDONE);
    EXPECT_EQ(undone->import().mails(), 0U);

    // And it can be done again, with the same numbers.
    begin({folder("INBOX", 5, 100)}, 2);
    EXPECT_TRUE(account.created());
    auto again = send({{"a", 1, "a", 1, 0, {}, {}}, {"b", 2, "b", 2, 0, {}, {}}});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->imported(), 2U);
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 2U));
    EXPECT_THAT(uidls("INBOX"), ElementsAre("a", "b"));
}

TEST_F(ImportTest, TheFirstLoginEndsUndo) {
    begin({folder("INBOX", 5, 100)});
    ASSERT_TRUE(send({{"a", 1, "a", 0, 0, {}, {}}}));
    EXPECT_FALSE(login("wrong"));
    ASSERT_TRUE(login("secret of anna", v1::PROTOCOL_POP3));
    reopen();  // it is not only in memory
    auto undone = undo();
    ASSERT_TRUE(undone);
    EXPECT_THAT(undone->kept(), ElementsAre(kAnna));
    EXPECT_TRUE(get_account());
    EXPECT_EQ(uids("INBOX").size(), 1U);
    EXPECT_EQ(undone->import().mails(), 1U);

    // Neither can a later import into the same account be taken back.
    import = open_import("dir:/second").value();
    ASSERT_TRUE(open_account(account_request({folder("INBOX")})));
    ASSERT_TRUE(send({{"later", 0, "", 0, 0, {}, {}}}));
    EXPECT_THAT(undo()->kept(), ElementsAre(kAnna));
}

TEST_F(ImportTest, UndoTouchesNoMailOfOthers) {
    begin({folder("INBOX", 5, 100), folder("Old", 7, 1500)}, 1);
    ASSERT_TRUE(send({{"a", 1, "a", 1, 0, {}, {}}}));
    std::vector<SourceMail> many;
    for (Uid uid = 1; uid <= 500; ++uid) many.push_back({cat("o", uid), uid, "", 0, 0, {}, {}});
    ASSERT_TRUE(send(many, 1));
    for (auto& mail : many) mail.name += "'", mail.uid += 500;
    ASSERT_TRUE(send(many, 1));
    deliver("not imported\r\n", account.account_id());
    auto undone = undo();
    ASSERT_TRUE(undone) << undone.error().text;
    EXPECT_EQ(undone->accounts_removed(), 0U);
    EXPECT_EQ(undone->mails_removed(), 1001U);
    EXPECT_TRUE(get_account());
    EXPECT_THAT(uids("INBOX"), ElementsAre(100U));
    EXPECT_TRUE(record("Old").name.empty());  // it was the import's, and is empty
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(ImportTest, UndoGivesAnUnusedFolderBackAsItWas) {
    v1::AddAccountRequest request;
    request.set_address(kAnna);
    ASSERT_TRUE(wait_for_answer<v1::Account>([&](auto done) { directory->add_account(request, done); }));
    begin({folder("Sent", 5, 100)});
    ASSERT_TRUE(send({{"a", 1, "", 0, 0, {}, {}}}));
    ASSERT_TRUE(undo());
    EXPECT_EQ(record("Sent").uid_next, 1U);
    EXPECT_NE(record("Sent").uid_validity, 5U);
    begin({folder("Sent", 5, 100)});
    ASSERT_TRUE(send({{"a", 1, "", 0, 0, {}, {}}}));
    EXPECT_THAT(uids("Sent"), ElementsAre(1U));
    EXPECT_EQ(record("Sent").uid_validity, 5U);
}

TEST_F(ImportTest, AliasesComeAndGo) {
    begin({folder("INBOX")});
    v1::AddImportAliasRequest request;
    request.set_import_id(import.import_id());
    request.set_address("info@x.test");
    request.add_targets(kAnna);
    const auto add = [&] {
        return wait_for_answer<v1::AddImportAliasReply>([&](auto done) { imports->add_alias(request, done); });
    };
    ASSERT_TRUE(add());
    ASSERT_TRUE(add());  // twice is once
    EXPECT_THAT(get_account()->aliases(), ElementsAre("info@x.test"));
    request.clear_targets();
    request.add_targets("elsewhere@y.test");
    EXPECT_FALSE(add());
    EXPECT_EQ(undo()->aliases_removed(), 1U);
}

TEST_F(ImportTest, RulesWaitForApproval) {
    import = open_import().value();
    auto request = account_request({folder("INBOX")});
    auto& rule = *request.add_settings();
    rule.set_plugin("forward");
    rule.set_json(R"({"to": ["x@y.test"]})");
    rule.set_file("IMS.CTL");
    ASSERT_TRUE(open_account(request));
    ASSERT_EQ(get_account()->plugin_settings_size(), 1);
    EXPECT_FALSE(get_account()->plugin_settings(0).enabled());
    request.set_enable_settings(true);
    ASSERT_TRUE(open_account(request));
    ASSERT_EQ(get_account()->plugin_settings_size(), 1);
    EXPECT_TRUE(get_account()->plugin_settings(0).enabled());
    request.mutable_settings(0)->set_json("no object");
    EXPECT_FALSE(open_account(request));
}

TEST_F(ImportTest, AnotherPasswordIsForSubmissionOnly) {
    import = open_import().value();
    auto request = account_request({folder("INBOX")});
    request.set_app_password("apop secret");
    ASSERT_TRUE(open_account(request));
    EXPECT_TRUE(login("apop secret", v1::PROTOCOL_SUBMISSION));
    auto imap = login("apop secret", v1::PROTOCOL_IMAP);
    ASSERT_FALSE(imap);
    EXPECT_EQ(imap.error().kind, Kind::denied);
    EXPECT_TRUE(login("secret of anna", v1::PROTOCOL_IMAP));
}

TEST_F(ImportTest, AnUnknownDomainRefusesTheAccount) {
    import = open_import().value();
    auto made = open_account(account_request({folder("INBOX")}, 0, "x@unknown.test"));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, Kind::no_target);
}

}  // namespace
}  // namespace tayori::spool
