#include "mailboxes_fixture.h"

namespace tayori::spool {
namespace {

using testing::ElementsAre;

TEST_F(MailboxesTest, LargeBodiesComeAsUploads) {
    const std::string piece(300'000, 'u');
    v1::UploadAppend part;
    part.set_upload_id(spool.intake->upload_begin({})->upload_id());
    part.set_data(piece);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.intake->upload_append(part));
    v1::UploadFinish finish;
    finish.set_upload_id(part.upload_id());
    EXPECT_EQ(spool.intake->upload_finish(finish)->bytes(), 900'000u);
    v1::Append request;
    request.set_target_name("INBOX");
    request.set_upload_id(part.upload_id());
    ASSERT_TRUE(call(&Mailboxes::append, request));
    EXPECT_EQ(call(&Mailboxes::append, request).error().kind, Kind::busy);  // never a permanent answer
    const auto open = spool.open_folder(anna, spool.folder(anna, "INBOX").folder_id());
    EXPECT_EQ(spool.body(anna, open->references().message_id(0)), piece + piece + piece);
}

TEST_F(MailboxesTest, SummariesComeInTheOrderAskedWithWhatWasAskedFor) {
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 700; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", cat("number ", i, " ..........")));
    const auto open = spool.open_folder(anna, spool.folder(anna, "INBOX").folder_id());
    ids.assign(open->references().message_id().begin(), open->references().message_id().end());
    const auto fetch = [&](std::vector<std::uint64_t> wanted) {
        v1::FetchSummaries request;
        for (const auto id : wanted) request.add_message_id(id);
        request.set_envelope(true);
        request.set_header(true);
        auto replies = Spool::drain(spool.mailboxes->fetch_summaries(anna, share(request)), 2000);
        std::vector<std::uint64_t> got;
        for (const auto& reply : *replies) {
            for (const auto& item : reply.items()) {
                got.push_back(item.message_id());
                EXPECT_THAT(item.summary().envelope(), testing::StartsWith("(envelope of"));
                EXPECT_EQ(item.summary().header().substr(0, 7), "number ");
                EXPECT_TRUE(item.summary().bodystructure().empty());
            }
        }
        return got;
    };
    EXPECT_EQ(fetch(ids), ids);
    auto reversed = ids;
    std::reverse(reversed.begin(), reversed.end());
    EXPECT_EQ(fetch(reversed), reversed);
    const std::vector<std::uint64_t> sparse = {ids[0], ids[300], ids[301], ids[699]};
    EXPECT_EQ(fetch(sparse), sparse);
    EXPECT_EQ(fetch({ids[5], 1'000'000, ids[6], ids[4], ids[4]}), (std::vector<std::uint64_t>{ids[5], ids[6], ids[4], ids[4]}));
}

TEST_F(MailboxesTest, ExpungedMailComesBackUntilItIsPurged) {
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", cat("mail ", i)));
    const auto inbox = spool.folder(anna, "INBOX").folder_id();
    ASSERT_TRUE(call(&Mailboxes::store_flags, flags_request(inbox, v1::FLAG_CHANGE_ADD, v1::SYSTEM_FLAG_DELETED, 10, 290)));
    auto expunge = expunge_request(inbox, 1, UINT32_MAX, true);
    EXPECT_EQ(call(&Mailboxes::expunge, expunge)->removed(), 281u);
    EXPECT_EQ(call(&Mailboxes::expunge, expunge)->removed(), 0u);
    EXPECT_EQ(spool.mailboxes->get_quota(anna)->messages_used(), 19u);
    std::vector<std::uint64_t> expunged;
    ASSERT_TRUE(spool.undelete->list(anna, [&](const v1::ExpungedMail& mail) {
        expunged.push_back(mail.message_id());
        EXPECT_EQ(mail.folder(), "INBOX");
        EXPECT_EQ(mail.subject(), "SUBJECT");
        return true;
    }));
    ASSERT_EQ(expunged.size(), 281u);
    const auto restore = [&](v1::UndeleteRequest request) {
        auto promise = std::make_shared<std::promise<Result<v1::UndeleteResponse>>>();
        spool.undelete->restore(anna, request, [promise](auto reply) { promise->set_value(std::move(reply)); });
        return promise->get_future().get();
    };
    v1::UndeleteRequest one;
    one.add_message_id(expunged[5]);
    one.set_folder("Archive");
    EXPECT_EQ(restore(one)->restored(), 1u);
    EXPECT_EQ(spool.folder(anna, "Archive").messages(), 1u);
    EXPECT_EQ(spool.folder(anna, "Archive").deleted(), 0u);
    EXPECT_EQ(spool.body(anna, expunged[5]), "mail 14");
    EXPECT_EQ(restore(one)->restored(), 0u);
    const auto purge = [&] {
        std::promise<std::uint64_t> purged;
        spool.janitor->tick([&](std::uint64_t count) { purged.set_value(count); });
        return purged.get_future().get();
    };
    EXPECT_EQ(purge(), 0u);
    spool.clock.advance_ms(std::int64_t{8} * 24 * 3600 * 1000);
    EXPECT_EQ(purge(), 280u);
    EXPECT_EQ(restore({})->restored(), 0u);
    EXPECT_EQ(spool.store->stats().bodies, 20u);
    EXPECT_EQ(spool.body(anna, expunged[0]), "gone");
}

// Below the floor the answer is everything that does not live (RFC 7162 §3.2.5.2).
TEST_F(MailboxesTest, TheExpungeLogHasAFloor) {
    ASSERT_TRUE(create("log"));
    const auto created = spool.folder(anna, "log");
    Modseq middle = 0;
    const Uid count = kExpungeLogEntriesMax + 10;
    for (Uid uid = 1; uid <= count; ++uid) {
        ASSERT_TRUE(spool.append(anna, "log", "m"));
        const auto expunged = call(&Mailboxes::expunge, expunge_request(created.folder_id(), uid, uid));
        if (uid == count / 2 + 100) middle = expunged->modseq();
    }
    ASSERT_TRUE(spool.append(anna, "log", "stays"));
    const auto vanished = [&](Modseq since) {
        const auto reply = spool.open_folder(anna, created.folder_id(), since, created.uid_validity());
        std::vector<std::pair<Uid, Uid>> ranges;
        for (const auto& range : reply->vanished()) ranges.emplace_back(range.first(), range.last());
        EXPECT_EQ(reply->references().uid_size(), 1);
        return ranges;
    };
    using Ranges = std::vector<std::pair<Uid, Uid>>;
    EXPECT_EQ(vanished(created.highest_modseq()), (Ranges{{1, count}}));
    EXPECT_EQ(vanished(middle), (Ranges{{count / 2 + 101, count}}));
}

TEST_F(MailboxesTest, OneSessionForAMaildrop) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    auto first = Spool::drain(spool.mailboxes->open_maildrop(anna, LeaseOwner{1}));
    ASSERT_TRUE(first);
    EXPECT_EQ(spool.mailboxes->open_maildrop(anna, LeaseOwner{2}).error().kind, Kind::in_use);
    spool.mailboxes->release_leases(LeaseOwner{1});
    auto second = Spool::drain(spool.mailboxes->open_maildrop(anna, LeaseOwner{2}));
    ASSERT_TRUE(second);
    v1::CloseMaildrop close;
    close.set_lease(first->at(0).lease());
    add_uids(close.mutable_remove(), 1, 1);
    EXPECT_EQ(call(&Mailboxes::close_maildrop, close).error().kind, Kind::not_found);
    close.set_lease(second->at(0).lease());
    add_uids(close.mutable_remove(), 3, 3);
    EXPECT_EQ(call(&Mailboxes::close_maildrop, close)->removed(), 2u);
    EXPECT_EQ(call(&Mailboxes::close_maildrop, close).error().kind, Kind::not_found);
    auto third = Spool::drain(spool.mailboxes->open_maildrop(anna, LeaseOwner{3}));
    close.set_lease(third->at(0).lease());
    EXPECT_EQ(call(&Mailboxes::close_maildrop, close).error().kind, Kind::invalid);
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 1u);
}

TEST_F(MailboxesTest, RecentIsClaimedOnce) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    v1::ClaimRecent request;
    request.set_folder_id(spool.folder(anna, "INBOX").folder_id());
    auto claim = spool.mailboxes->claim_recent(anna, request);
    EXPECT_EQ(claim->first_uid(), 1u);
    EXPECT_EQ(claim->uid_next(), 4u);
    EXPECT_EQ(spool.folder(anna, "INBOX").recent(), 0u);
    ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    EXPECT_EQ(spool.folder(anna, "INBOX").recent(), 1u);
    claim = spool.mailboxes->claim_recent(anna, request);
    EXPECT_EQ(claim->first_uid(), 4u);
    EXPECT_EQ(claim->uid_next(), 5u);
    claim = spool.mailboxes->claim_recent(anna, request);
    EXPECT_EQ(claim->first_uid(), claim->uid_next());
}

TEST_F(MailboxesTest, AMailboxIsPurgedWithEverything) {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    const auto inbox = spool.folder(anna, "INBOX").folder_id();
    ASSERT_TRUE(call(&Mailboxes::expunge, expunge_request(inbox, 1, 10)));
    bool finished = false;
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        finished = spool.mailboxes->hooks().purge(t, raw(anna)).value();
        return {};
    }));
    EXPECT_TRUE(finished);
    EXPECT_EQ(spool.store->stats().bodies, 0u);
    std::vector<std::string> left;
    ASSERT_TRUE(spool.store->snapshot()->scan("A", "Z", [&](std::string_view key, std::string_view) {
        left.emplace_back(key);
        return true;
    }));
    EXPECT_THAT(left, ElementsAre("Cf", "Cm"));
}

}  // namespace
}  // namespace tayori::spool
