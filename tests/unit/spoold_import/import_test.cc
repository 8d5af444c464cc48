#include "site.h"

namespace tayori::spool {
namespace {

TEST_F(ImportTest, MailArrivesWithItsOldNumbers) {
    begin({folder("INBOX", 1234567, 100), folder("送信済み", 77, 5)}, 3);
    EXPECT_TRUE(account.created());
    EXPECT_TRUE(account.folders(0).keeps_uids());
    auto sent = send({{"a", 7, "uidl-a", 1, v1::SYSTEM_FLAG_SEEN, {"$MDNSent"}, {}}, {"b", 50, "uidl-b", 3, 0, {}, {}},
                      {"c", 99, "", 0, v1::SYSTEM_FLAG_FLAGGED, {}, {}}});
    ASSERT_TRUE(sent) << sent.error().text;
    EXPECT_EQ(sent->imported(), 3U);
    ASSERT_TRUE(send({{"d", 4, "", 2, 0, {}, {}}}, 1));

    const auto inbox = references("INBOX");
    EXPECT_THAT(uids("INBOX"), ElementsAre(7U, 50U, 99U));
    EXPECT_EQ(record("INBOX").uid_validity, 1234567U);
    EXPECT_EQ(record("INBOX").uid_next, 100U);
    EXPECT_EQ(record("INBOX").recent, 0U);  // the old server's users have seen it
    EXPECT_EQ(record("INBOX").first_unseen, 50U);
    EXPECT_THAT(uidls("INBOX"), ElementsAre("uidl-a", "uidl-b", ""));
    EXPECT_EQ(inbox[0].pop3_order, 1U);
    EXPECT_EQ(inbox[2].pop3_order, 0U);  // what POP3 never showed stays hidden
    EXPECT_EQ(inbox[0].flags, v1::SYSTEM_FLAG_SEEN);
    EXPECT_EQ(inbox[0].keywords.size(), 1U);
    EXPECT_EQ(inbox[0].internal_date_s, 1'600'000'000);
    EXPECT_EQ(inbox[0].zone_minutes, 540);
    EXPECT_EQ(record("送信済み").uid_validity, 77U);
    EXPECT_EQ(references("送信済み")[0].pop3_order, 2U);
    EXPECT_THAT(report_codes(), IsEmpty());

    auto state = read_state(*store->snapshot(), AccountId{account.account_id()});
    EXPECT_EQ(state->next_pop3_order, 4U);
    EXPECT_GT(state->next_uid_validity, 1234567U);
}

TEST_F(ImportTest, WhatArrivesMeanwhileLandsAbove) {
    begin({folder("INBOX", 5, 100)}, 10);
    ASSERT_TRUE(send({{"a", 1, "a", 1, 0, {}, {}}}));
    deliver("new mail\r\n", account.account_id());
    ASSERT_TRUE(send({{"b", 2, "b", 2, 0, {}, {}}, {"c", 99, "c", 10, 0, {}, {}}}));
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 2U, 99U, 100U));
    EXPECT_EQ(references("INBOX").back().pop3_order, 11U);
    EXPECT_EQ(record("INBOX").uid_next, 101U);
}

// So much arrives that the folder's open end is closed: the rest can't come below it any more, and says so.
TEST_F(ImportTest, AFloodMeanwhileCostsNumbersButNoMail) {
    begin({folder("INBOX", 5, 1000)});
    ASSERT_TRUE(send({{"a", 1, "", 0, 0, {}, {}}}));
    for (int i = 0; i < 300; ++i) deliver("flood\r\n", account.account_id());
    ASSERT_TRUE(send({{"b", 2, "", 0, 0, {}, {}}}));
    EXPECT_EQ(uids("INBOX").front(), 1U);
    EXPECT_EQ(uids("INBOX").back(), 1300U);
    EXPECT_EQ(uids("INBOX").size(), 302U);
    EXPECT_THAT(report_codes(), ElementsAre("uid-not-kept"));
}

TEST_F(ImportTest, ManyBatchesMakePages) {
    begin({folder("INBOX", 5, 3001)}, 1500);
    for (Uid first = 1; first <= 1500; first += 300) {
        std::vector<SourceMail> mails;
        for (Uid uid = first; uid < first + 300; ++uid) mails.push_back({cat("m", uid), 2 * uid, cat("u", uid), uid, 0, {}, {}});
        ASSERT_TRUE(send(mails));
        deliver("meanwhile\r\n", account.account_id());
    }
    const auto all = uids("INBOX");
    ASSERT_EQ(all.size(), 1505U);
    EXPECT_EQ(all[1499], 3000U);  // the last imported one
    EXPECT_EQ(all[1500], 3001U);  // the first that arrived
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
}

TEST_F(ImportTest, ASecondRunImportsNothing) {
    begin({folder("INBOX", 5, 100)}, 2);
    ASSERT_TRUE(send({{"a", 1, "a", 1, 0, {}, {}}, {"b", 2, "b", 2, 0, {}, {}}}));
    close_account();
    const auto before = references("INBOX");
    begin({folder("INBOX", 5, 100)}, 2);
    auto again = send({{"a", 1, "a", 1, 0, {}, {}}, {"b", 2, "b", 2, 0, {}, {}}});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->imported(), 0U);
    EXPECT_EQ(again->known(), 2U);
    EXPECT_EQ(references("INBOX").size(), before.size());

    v1::FilterImportedRequest request;
    request.set_import_id(import.import_id());
    request.set_account_id(account.account_id());
    for (const auto* name : {"a", "new", "new too", "b", "last"}) request.mutable_identities()->append(identity(name));
    auto reply = imports->filter(request);
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->unknown_size(), 2);
    EXPECT_EQ(reply->unknown(0).first(), 1U);
    EXPECT_EQ(reply->unknown(0).last(), 2U);
    EXPECT_EQ(reply->unknown(1).first(), 4U);
}

// A run that was cut off anywhere ends as one that was not.
TEST_F(ImportTest, AnInterruptedRunGoesOn) {
    std::vector<SourceMail> mails;
    for (Uid uid = 1; uid <= 600; ++uid) mails.push_back({cat("m", uid), uid * 3, cat("u", uid), uid, 0, {}, {}});
    begin({folder("INBOX", 5, 1900)}, 600);
    ASSERT_TRUE(send({mails.begin(), mails.begin() + 250}));
    reopen();
    begin({folder("INBOX", 5, 1900)}, 600);
    EXPECT_FALSE(account.folders().empty());
    ASSERT_TRUE(send({mails.begin() + 200, mails.begin() + 400}));  // some of it twice
    reopen();
    begin({folder("INBOX", 5, 1900)}, 600);
    ASSERT_TRUE(send({mails.begin() + 400, mails.end()}));
    const auto all = references("INBOX");
    ASSERT_EQ(all.size(), mails.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].uid, mails[i].uid);
        EXPECT_EQ(all[i].uidl, mails[i].uidl);
        EXPECT_EQ(all[i].pop3_order, mails[i].pop3_order);
    }
    EXPECT_THAT(report_codes(), IsEmpty());
}

TEST_F(ImportTest, ABatchOutOfOrderIsNotTaken) {
    begin({folder("INBOX", 5, 100)});
    ++next_batch;
    auto late = send({{"b", 2, "", 0, 0, {}, {}}});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, Kind::in_use);
    EXPECT_THAT(uids("INBOX"), IsEmpty());
}

TEST_F(ImportTest, UidlsAreUniqueAndShort) {
    begin({folder("INBOX")}, 4);
    const std::string longest(70, 'x');
    const std::string too_long(71, 'y');
    ASSERT_TRUE(send({{"a", 0, "same", 1, 0, {}, {}}, {"b", 0, "same", 2, 0, {}, {}}, {"c", 0, too_long, 3, 0, {}, {}},
                      {"d", 0, longest, 4, 0, {}, {}}}));
    ASSERT_TRUE(send({{"e", 0, longest, 0, 0, {}, {}}}));
    const auto all = uidls("INBOX");
    EXPECT_EQ(all[0], "same");
    EXPECT_EQ(all[1], "same.2");
    EXPECT_EQ(all[2], hex_encode(crypto::sha256(too_long)));
    EXPECT_EQ(all[3], longest);
    EXPECT_EQ(all[4].size(), 64U);
    EXPECT_THAT(report_codes(), ElementsAre("uidl-twice", "uidl-hashed", "uidl-twice"));
}

TEST_F(ImportTest, AFolderThatIsLivedInKeepsItsNumbers) {
    v1::AddAccountRequest request;
    request.set_address(kAnna);
    auto made = wait_for_answer<v1::Account>([&](auto done) { directory->add_account(request, done); });
    ASSERT_TRUE(made);
    deliver("first\r\n", made->account_id());
    begin({folder("INBOX", 5, 100), folder("Sent", 6, 10)}, 5);
    EXPECT_FALSE(account.created());
    EXPECT_FALSE(account.folders(0).keeps_uids());
    EXPECT_TRUE(account.folders(1).keeps_uids());
    ASSERT_TRUE(send({{"a", 7, "a", 5, 0, {}, {}}}));
    ASSERT_TRUE(send({{"s", 9, "", 0, 0, {}, {}}}, 1));
    EXPECT_THAT(uids("INBOX"), ElementsAre(1U, 2U));
    EXPECT_NE(record("INBOX").uid_validity, 5U);
    EXPECT_EQ(references("INBOX")[1].pop3_order, 6U);  // behind what is there
    EXPECT_THAT(uids("Sent"), ElementsAre(9U));
    EXPECT_EQ(record("Sent").uid_validity, 6U);
    EXPECT_THAT(report_codes(), ElementsAre("folder-uids-not-kept"));
}

TEST_F(ImportTest, HighNumbersStayOrAreRefusedAsAWhole) {
    begin({folder("INBOX", 4'000'000'000, 3'000'000'001), folder("End", 5, UINT32_MAX), folder("Times", UINT32_MAX, 5)});
    EXPECT_TRUE(account.folders(0).keeps_uids());
    EXPECT_FALSE(account.folders(1).keeps_uids());
    EXPECT_FALSE(account.folders(2).keeps_uids());
    ASSERT_TRUE(send({{"a", 3'000'000'000, "", 0, 0, {}, {}}}));
    ASSERT_TRUE(send({{"b", 4'294'967'294, "", 0, 0, {}, {}}}, 1));
    EXPECT_THAT(uids("INBOX"), ElementsAre(3'000'000'000U));
    EXPECT_THAT(uids("End"), ElementsAre(1U));
}

TEST_F(ImportTest, QuotaIsSetAndRefusesNothing) {
    import = open_import().value();
    auto request = account_request({folder("INBOX")}, 0);
    request.set_quota_bytes(10);
    ASSERT_TRUE(open_account(request));
    auto sent = send({{"a", 0, "", 0, 0, {}, std::string(5000, 'x')}});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->imported(), 1U);
    EXPECT_EQ(get_account()->quota_bytes(), 10U);
}

TEST_F(ImportTest, LargeMailsComeInPieces) {
    begin({folder("INBOX")});
    const std::string text(2'500'000, 'x');
    for (std::size_t at = 0; at < text.size(); at += 1'000'000) {
        v1::ImportPiece piece;
        piece.set_upload(1);
        piece.set_data(text.substr(at, 1'000'000));
        piece.set_last(at + 1'000'000 >= text.size());
        ASSERT_TRUE(uploads->add(piece));
    }
    auto wanted = batch({{"big", 0, "", 0, 0, {}, {}}});
    wanted.mutable_mails(0)->set_upload(1);
    ASSERT_TRUE(send(wanted));
    ASSERT_EQ(references("INBOX").size(), 1U);
    EXPECT_EQ(references("INBOX")[0].bytes, text.size());
    auto without = batch({{"other", 0, "", 0, 0, {}, {}}});
    without.mutable_mails(0)->set_upload(1);
    EXPECT_FALSE(send(without));  // each upload is one mail
}

TEST_F(ImportTest, WhatCannotBeTakenIsReported) {
    begin({folder("INBOX")});
    auto wanted = batch({{"a", 0, "", 0, 0, {"bad keyword"}, {}}, {"b", 0, "", 0, 0, {}, {}}});
    wanted.mutable_mails(1)->mutable_summary()->set_bodystructure(std::string(kSummaryBytesMax, '('));
    auto sent = send(wanted);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->imported(), 1U);
    EXPECT_EQ(sent->refused(), 1U);
    EXPECT_THAT(report_codes(), ElementsAre("keywords-dropped", "mail-refused"));
}

TEST_F(ImportTest, TheSameSourceIsTheSameImport) {
    const auto first = open_import("dir:/a").value();
    EXPECT_EQ(open_import("dir:/a")->import_id(), first.import_id());
    EXPECT_NE(open_import("dir:/b")->import_id(), first.import_id());
}

TEST_F(ImportTest, CountersOfTheOldServerAreRisenAbove) {
    v1::OpenImportRequest request;
    request.set_kind("pmail");
    request.set_origin("dir:/p");
    request.set_next_message_id(100'000);
    request.set_next_folder_id(5'000);
    const auto opened = wait_for_answer<v1::Import>([&](auto done) { imports->open(request, done); });
    ASSERT_TRUE(opened);
    std::vector<std::string> said;
    const auto read = [&](const v1::ImportReportLine& line) {
        said.push_back(cat(line.code(), ' ', line.values(0), ' ', line.values(2)));
        return true;
    };
    ASSERT_TRUE(imports->read_report(ImportId{opened->import_id()}, read));
    EXPECT_THAT(said, testing::UnorderedElementsAre("counter-raised message id 100000", "counter-raised folder id 5000"));
    EXPECT_EQ(mailboxes->parts().raised.value(), 2U);

    begin({folder("INBOX"), folder("New")});
    ASSERT_TRUE(send({{"a", 0, "", 0, 0, {}, {}}}));
    EXPECT_GE(raw(references("INBOX")[0].message), 100'000U);
    EXPECT_GE(account.folders(1).folder_id(), 5'000U);
    // A second run, with counters that are lower by now, neither lowers nor says anything.
    request.set_next_message_id(1'000);
    ASSERT_TRUE(wait_for_answer<v1::Import>([&](auto done) { imports->open(request, done); }));
    said.clear();
    ASSERT_TRUE(imports->read_report(ImportId{opened->import_id()}, read));
    EXPECT_EQ(said.size(), 2U);
}

TEST_F(ImportTest, AnOldSentFolderTakesThePlaceOfTheEmptyOne) {
    import = open_import().value();
    auto sent = folder("送信済みトレイ", 9, 9);
    sent.set_special_use(v1::SPECIAL_USE_SENT);
    ASSERT_TRUE(open_account(account_request({folder("INBOX"), sent})));
    EXPECT_EQ(record("送信済みトレイ").special_use, v1::SPECIAL_USE_SENT);
    EXPECT_TRUE(record("Sent").name.empty());
}

}  // namespace
}  // namespace tayori::spool
