// What becomes of mail that a POP3 client deletes, and of mail for folders that a rule names.
#include <gmock/gmock.h>

#include "harness.h"
#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {

class RemovedMailTest : public testing::Test {
  protected:
    RemovedMailTest() : anna(spool.add_account()) {
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(spool.append(anna, "INBOX", cat("Subject: ", i, "\r\n\r\n", i, "\r\n")));
    }
    void TearDown() override { EXPECT_THAT(spool.problems(), testing::IsEmpty()); }

    // UIDLs in the maildrop's order; the lease stays open.
    std::vector<std::string> open() {
        std::vector<std::string> uidls;
        auto replies = Spool::drain(spool.mailboxes->open_maildrop(anna, LeaseOwner{1}));
        EXPECT_TRUE(replies);
        if (!replies) return uidls;
        lease = replies->front().lease();
        for (const auto& reply : *replies) uidls.insert(uidls.end(), reply.references().uidl().begin(), reply.references().uidl().end());
        return uidls;
    }
    std::uint32_t close(Uid first, Uid last, const v1::RemovedMail& how) {
        v1::CloseMaildrop request;
        request.set_lease(lease);
        if (first != 0) add_uids(request.mutable_remove(), first, last);
        *request.mutable_removed_mail() = how;
        auto reply = spool.call(*spool.mailboxes, &Mailboxes::close_maildrop, anna, std::move(request));
        EXPECT_TRUE(reply) << reply.error().text;
        return reply ? reply->removed() : 0;
    }
    std::vector<std::string> drop() {
        auto uidls = open();
        close(0, 0, {});
        return uidls;
    }
    void set_form(v1::MailboxForm form) {
        ASSERT_TRUE(spool.commit([&](store::Transaction& transaction) -> Result<void> {
            auto box = AccountTx::open(transaction, spool.mailboxes->parts(), anna);
            box->set_form(form, JobId{0});
            box->save();
            return {};
        }));
    }
    v1::CommitPlan plan(const std::string& folder, v1::SpecialUse use, bool create) {
        v1::CommitPlan out;
        out.set_bytes("Subject: x\r\n\r\nx\r\n");
        auto& delivery = *out.add_deliveries();
        delivery.set_account_id(raw(anna));
        delivery.set_folder(folder);
        delivery.set_special_use(use);
        delivery.set_create(create);
        return out;
    }
    std::string delivered_to(const v1::CommitPlan& request) {
        const auto reply = spool.plan(request);
        EXPECT_TRUE(reply);
        v1::ListFolders list;
        const auto folders = spool.mailboxes->list_folders(anna, list);
        for (const auto& one : folders->folders())
            if (reply && one.folder_id() == reply->deliveries(0).folder_id()) return one.name();
        return "?";
    }

    Spool spool;
    AccountId anna;
    std::uint64_t lease = 0;
};

TEST_F(RemovedMailTest, KeptMailStaysInTheMaildropMarkedOnce) {
    const auto before = open();
    v1::RemovedMail how;
    how.set_keep(true);
    how.set_keyword("$Deleted");
    EXPECT_EQ(close(1, 2, how), 2u);
    EXPECT_EQ(drop(), before);
    const auto modseq = spool.folder(anna, "INBOX").highest_modseq();
    const auto opened = spool.open_folder(anna, spool.folder(anna, "INBOX").folder_id());
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->references().keywords_size(), 2);
    open();
    EXPECT_EQ(close(1, 2, how), 2u);
    EXPECT_EQ(spool.folder(anna, "INBOX").highest_modseq(), modseq);  // nothing new
    how.clear_keyword();
    open();
    EXPECT_EQ(close(3, 3, how), 1u);
    EXPECT_EQ(drop(), before);
}

TEST_F(RemovedMailTest, MovedMailLeavesTheMaildropInBothForms) {
    for (const auto form : {v1::MAILBOX_FORM_IMAP4, v1::MAILBOX_FORM_POP3}) {
        set_form(form);
        const auto before = open();
        v1::RemovedMail how;
        how.set_move_to(v1::SPECIAL_USE_TRASH);
        const auto in_trash = spool.folder(anna, "Trash").messages();
        EXPECT_EQ(close(1, 1, how), 1u);
        EXPECT_EQ(drop(), std::vector<std::string>(before.begin() + 1, before.end()));
        EXPECT_EQ(spool.folder(anna, "Trash").messages(), in_trash + 1);
    }
}

TEST_F(RemovedMailTest, TheFolderOfAMoveIsMadeWhereNoneHasTheUse) {
    v1::DeleteFolder remove;
    remove.set_name("Trash");
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::delete_folder, anna, remove));
    open();
    v1::RemovedMail how;
    how.set_move_to(v1::SPECIAL_USE_TRASH);
    EXPECT_EQ(close(1, 3, how), 3u);
    EXPECT_EQ(spool.folder(anna, "Trash").special_use(), v1::SPECIAL_USE_TRASH);
    EXPECT_TRUE(spool.folder(anna, "Trash").subscribed());
    EXPECT_EQ(spool.folder(anna, "Trash").messages(), 3u);
}

TEST_F(RemovedMailTest, AFolderMayHaveItsUseUnderAnotherName) {
    v1::RenameFolder rename;
    rename.set_from("Trash");
    rename.set_to("ごみ箱");
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::rename_folder, anna, rename));
    open();
    v1::RemovedMail how;
    how.set_move_to(v1::SPECIAL_USE_TRASH);
    close(1, 1, how);
    EXPECT_EQ(spool.folder(anna, "ごみ箱").messages(), 1u);
    EXPECT_EQ(spool.folder(anna, "Trash").folder_id(), 0u);
}

TEST_F(RemovedMailTest, WithoutAWordItIsExpunged) {
    open();
    EXPECT_EQ(close(2, 2, {}), 1u);
    EXPECT_EQ(drop().size(), 2u);
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 2u);
}

TEST_F(RemovedMailTest, ARulesFolderIsMadeOrInboxGetsTheMail) {
    struct Case {
        std::string folder;
        v1::SpecialUse use;
        bool create;
        std::string expected;
    };
    const Case cases[] = {
        {"", v1::SPECIAL_USE_UNSPECIFIED, false, "INBOX"},
        {"Work/Lists", v1::SPECIAL_USE_UNSPECIFIED, false, "INBOX"},
        {"Work/Lists", v1::SPECIAL_USE_UNSPECIFIED, true, "Work/Lists"},
        {"Work/Lists", v1::SPECIAL_USE_UNSPECIFIED, false, "Work/Lists"},
        {"inbox", v1::SPECIAL_USE_UNSPECIFIED, true, "INBOX"},
        {"a//b", v1::SPECIAL_USE_UNSPECIFIED, true, "INBOX"},  // no name for a folder
        {"", v1::SPECIAL_USE_JUNK, false, "Junk"},
        {"", v1::SPECIAL_USE_FLAGGED, true, "INBOX"},  // a view, no folder
        {"Archive", v1::SPECIAL_USE_JUNK, false, "Archive"},
    };
    for (const auto& one : cases) EXPECT_EQ(delivered_to(plan(one.folder, one.use, one.create)), one.expected) << one.folder << " " << one.use;
    EXPECT_TRUE(spool.folder(anna, "Work/Lists").subscribed());
    v1::DeleteFolder remove;
    remove.set_name("Junk");
    ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::delete_folder, anna, remove));
    EXPECT_EQ(delivered_to(plan("", v1::SPECIAL_USE_JUNK, false)), "INBOX");
    EXPECT_EQ(delivered_to(plan("", v1::SPECIAL_USE_JUNK, true)), "Junk");
}

}  // namespace
}  // namespace tayori::spool
