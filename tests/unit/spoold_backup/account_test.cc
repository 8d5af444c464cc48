// One account out of a backup: merged, beside, and exactly.
#include "backup_fixture.h"

namespace tayori::spool {
namespace {

class AccountRestoreTest : public BackupTest {
  protected:
    void TearDown() override { EXPECT_THAT(spool.problems(), IsEmpty()); }
};

TEST_F(AccountRestoreTest, WhatIsMissingComesBackWithFlagsAndUidl) {
    append("INBOX", "one", v1::SYSTEM_FLAG_SEEN | v1::SYSTEM_FLAG_FLAGGED, {"$Work"});
    append("INBOX", "two");
    append("INBOX", "three");
    const auto before = mails("INBOX");
    backup();
    expunge("INBOX", 1, 2);
    purge();
    append("INBOX", "four");
    const auto uid_next = spool.folder(anna, "INBOX").uid_next();

    auto plan = restore(Mode::MODE_MERGE, false);
    EXPECT_EQ(plan["INBOX"].added(), 2u);
    EXPECT_EQ(plan["INBOX"].present(), 1u);
    EXPECT_THAT(texts(mails("INBOX")), ElementsAre("three", "four")) << "a dry run changes nothing";

    auto done = restore(Mode::MODE_MERGE);
    EXPECT_EQ(done["INBOX"].added(), 2u);
    const auto after = mails("INBOX");
    ASSERT_THAT(texts(after), ElementsAre("three", "four", "one", "two"));
    EXPECT_EQ(after[2].uid, uid_next) << "a UID is never used twice";
    EXPECT_EQ(after[2].flags, before[0].flags);
    EXPECT_EQ(after[2].uidl, before[0].uidl);
    EXPECT_EQ(after[3].uidl, before[1].uidl);
    auto opened = spool.open_folder(anna, spool.folder(anna, "INBOX").folder_id());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->references().keywords_size(), 1);

    EXPECT_EQ(restore(Mode::MODE_MERGE)["INBOX"].added(), 0u) << "again: nothing is missing";
    EXPECT_EQ(mails("INBOX").size(), 4u);
}

TEST_F(AccountRestoreTest, WhatIsInTheTrashIsUndeleted) {
    append("INBOX", "one", v1::SYSTEM_FLAG_ANSWERED);
    append("INBOX", "two");
    const auto before = mails("INBOX");
    backup();
    expunge("INBOX", 1, 2);
    const auto bodies = spool.store->stats().bodies;
    auto done = restore(Mode::MODE_MERGE);
    EXPECT_EQ(done["INBOX"].undeleted(), 2u);
    EXPECT_EQ(done["INBOX"].added(), 0u);
    EXPECT_EQ(spool.store->stats().bodies, bodies);
    EXPECT_EQ(uidls(mails("INBOX")), uidls(before));
    EXPECT_EQ(mails("INBOX")[0].flags, before[0].flags);
    purge();
    EXPECT_EQ(mails("INBOX").size(), 2u);
}

TEST_F(AccountRestoreTest, WhatWasMovedIsNotMissing) {
    append("INBOX", "one");
    append("INBOX", "two");
    backup();
    v1::CopyMessages move;
    move.set_folder_id(spool.folder(anna, "INBOX").folder_id());
    add_uids(move.mutable_uids(), 1, 1);
    move.set_target_name("Archive");
    move.set_move(true);
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::copy_messages, anna, move));
    auto done = restore(Mode::MODE_MERGE);
    EXPECT_EQ(done["INBOX"].present(), 2u);
    EXPECT_THAT(texts(mails("INBOX")), ElementsAre("two"));
    EXPECT_THAT(texts(mails("Archive")), ElementsAre("one"));
}

TEST_F(AccountRestoreTest, FoldersThatAreGoneAreMadeAndRenamedOnesAreKnown) {
    create("Work");
    create("Work/日本語");
    append("Work", "one");
    append("Work/日本語", "two");
    create("Old");
    append("Old", "three");
    backup();
    remove("Work/日本語");
    rename("Old", "New");
    expunge("New", 1, 1);
    purge();
    auto done = restore(Mode::MODE_MERGE);
    EXPECT_TRUE(done["Work/日本語"].created());
    EXPECT_EQ(done["Old"].target(), "New");
    EXPECT_THAT(texts(mails("Work/日本語")), ElementsAre("two"));
    EXPECT_THAT(texts(mails("New")), ElementsAre("three"));
    EXPECT_THAT(names(), testing::Not(Contains("Old")));
}

TEST_F(AccountRestoreTest, BesideTouchesNothingThatLives) {
    append("INBOX", "one", v1::SYSTEM_FLAG_SEEN);
    append("INBOX", "two");
    append("Sent", "three");
    backup();
    expunge("INBOX", 1, 1);
    purge();
    const auto living = mails("INBOX");
    auto done = restore(Mode::MODE_BESIDE);
    EXPECT_EQ(done["INBOX"].added(), 1u);
    EXPECT_EQ(done["INBOX"].copied(), 1u);
    EXPECT_EQ(uidls(mails("INBOX")), uidls(living));
    EXPECT_THAT(texts(mails("Restored/INBOX")), ElementsAre("one", "two"));
    EXPECT_THAT(texts(mails("Restored/Sent")), ElementsAre("three"));
    EXPECT_EQ(mails("Restored/INBOX")[0].flags, v1::SYSTEM_FLAG_SEEN);
    // No UIDL twice, wherever the mail goes from here.
    EXPECT_NE(mails("Restored/INBOX")[1].uidl, living[0].uidl);
    auto again = restore(Mode::MODE_BESIDE);
    EXPECT_EQ(again["INBOX"].present(), 2u);
    EXPECT_EQ(mails("Restored/INBOX").size(), 2u);
}

TEST_F(AccountRestoreTest, ExactlyAsItWas) {
    append("INBOX", "one", v1::SYSTEM_FLAG_SEEN, {"$A"});
    append("INBOX", "two");
    append("INBOX", "three");
    create("Work");
    append("Work", "four");
    const auto before = mails("INBOX");
    backup();
    append("INBOX", "younger");
    create("Younger");
    append("Younger", "still younger");
    expunge("INBOX", 2, 2);
    v1::StoreFlags flags;
    flags.set_folder_id(spool.folder(anna, "INBOX").folder_id());
    flags.set_change(v1::FLAG_CHANGE_REPLACE);
    flags.set_flags(v1::SYSTEM_FLAG_FLAGGED);
    add_uids(flags.mutable_uids(), 1, 1);
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::store_flags, anna, flags));
    v1::CopyMessages move;
    move.set_folder_id(spool.folder(anna, "INBOX").folder_id());
    add_uids(move.mutable_uids(), 3, 3);
    move.set_target_name("Work");
    move.set_move(true);
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::copy_messages, anna, move));

    auto done = restore(Mode::MODE_EXACT);
    EXPECT_EQ(done["INBOX"].removed(), 1u);
    EXPECT_EQ(done["INBOX"].changed(), 1u);
    EXPECT_EQ(done["INBOX"].undeleted(), 1u);
    EXPECT_EQ(done["INBOX"].copied(), 1u);
    EXPECT_TRUE(done["-Younger"].deleted());
    EXPECT_THAT(texts(mails("INBOX")), UnorderedElementsAre("one", "two", "three"));
    EXPECT_THAT(texts(mails("Work")), ElementsAre("four"));
    EXPECT_EQ(mails("INBOX")[0].flags, before[0].flags);
    EXPECT_THAT(uidls(mails("INBOX")), UnorderedElementsAre(before[0].uidl, before[1].uidl, before[2].uidl));
    EXPECT_THAT(names(), testing::Not(Contains("Younger")));
    // Nothing is lost: what is younger can be undeleted.
    std::uint64_t expunged = 0;
    ASSERT_TRUE(spool.undelete->list(anna, [&](const v1::ExpungedMail&) { return ++expunged, true; }));
    EXPECT_EQ(expunged, 3u);
    auto again = restore(Mode::MODE_EXACT);
    EXPECT_EQ(again["INBOX"].removed() + again["INBOX"].changed() + again["INBOX"].added() + again["INBOX"].copied(), 0u);
}

TEST_F(AccountRestoreTest, IntoAnAccountThatWasMadeAnew) {
    append("INBOX", "one", v1::SYSTEM_FLAG_SEEN);
    append("INBOX", "two");
    v1::CopyMessages copy;
    copy.set_folder_id(spool.folder(anna, "INBOX").folder_id());
    add_uids(copy.mutable_uids(), 1, 1);
    copy.set_target_name("Archive");
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::copy_messages, anna, copy));
    const auto before = mails("INBOX");
    backup();
    const auto fresh = spool.add_account();
    auto done = restore(Mode::MODE_MERGE, true, std::nullopt, fresh);
    EXPECT_EQ(done["INBOX"].added() + done["Archive"].added(), 3u);
    EXPECT_EQ(uidls(mails_in(spool, fresh, "INBOX")), uidls(before)) << "POP3 clients download nothing twice";
    EXPECT_THAT(texts(mails_in(spool, fresh, "Archive")), ElementsAre("one"));
    auto again = restore(Mode::MODE_MERGE, true, std::nullopt, fresh);
    EXPECT_EQ(again["INBOX"].present(), 2u);
    EXPECT_EQ(mails_in(spool, fresh, "INBOX").size(), 2u);
}

TEST_F(AccountRestoreTest, LargeMailsAndManyOfThem) {
    const std::string large(3'000'000, 'l');
    {
        auto upload = spool.store->staging().begin();
        ASSERT_TRUE(upload);
        ASSERT_TRUE(spool.store->staging().append(*upload, large));
        ASSERT_TRUE(spool.store->staging().finish(*upload));
        v1::Append request;
        request.set_target_name("INBOX");
        request.set_upload_id(static_cast<std::uint64_t>(*upload));
        Spool::summarise(*request.mutable_summary(), "0123456789");
        ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::append, anna, request));
    }
    for (int i = 0; i < 600; ++i) append("INBOX", cat("mail ", i));
    backup();
    expunge("INBOX", 1, 601);
    purge();
    EXPECT_EQ(spool.store->stats().bodies, 0u);
    auto done = restore(Mode::MODE_MERGE);
    EXPECT_EQ(done["INBOX"].added(), 601u);
    const auto after = mails("INBOX");
    ASSERT_EQ(after.size(), 601u);
    EXPECT_EQ(after[0].text, large);
    EXPECT_EQ(after[600].text, "mail 599");
}

TEST_F(AccountRestoreTest, AMomentBetweenTwoSteps) {
    append("INBOX", "one");
    backup();
    append("INBOX", "two");
    const auto moment = spool.clock.now_ms();
    spool.clock.advance_ms(1);
    expunge("INBOX", 1, 2);
    append("INBOX", "three");
    backup();
    auto done = restore(Mode::MODE_MERGE, true, moment);
    EXPECT_EQ(done["INBOX"].undeleted(), 2u);
    EXPECT_THAT(texts(mails("INBOX")), ElementsAre("three", "one", "two"));
}

}  // namespace
}  // namespace tayori::spool
