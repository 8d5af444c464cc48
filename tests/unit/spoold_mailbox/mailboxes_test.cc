#include "mailboxes_fixture.h"

namespace tayori::spool {
namespace {

using testing::ElementsAre;

TEST_F(MailboxesTest, ANewMailboxHasDefaultFoldersSubscribed) {
    EXPECT_THAT(names(), ElementsAre("Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"));
    const auto list = spool.mailboxes->list_folders(anna, {});
    for (const auto& folder : list->folders()) EXPECT_TRUE(folder.subscribed());
    EXPECT_EQ(spool.folder(anna, "sent").folder_id(), 0u);
    EXPECT_EQ(spool.folder(anna, "Sent").special_use(), v1::SPECIAL_USE_SENT);
    EXPECT_EQ(spool.folder(anna, "inbox").name(), "INBOX");
    EXPECT_GT(spool.folder(anna, "INBOX").uid_validity(), 1'600'000'000u);
}

TEST_F(MailboxesTest, AppendNumbersAndCounts) {
    const auto first = spool.append(anna, "inbox", "hello", v1::SYSTEM_FLAG_SEEN, {"$Work"});
    ASSERT_TRUE(first);
    EXPECT_EQ(first->uid(), 1u);
    EXPECT_EQ(spool.append(anna, "INBOX", "hello again")->uid(), 2u);
    const auto folder = spool.folder(anna, "INBOX");
    EXPECT_EQ(folder.messages(), 2u);
    EXPECT_EQ(folder.unseen(), 1u);
    EXPECT_EQ(folder.first_unseen_uid(), 2u);
    EXPECT_EQ(folder.recent(), 2u);
    EXPECT_EQ(folder.bytes(), 16u);
    const auto open = spool.open_folder(anna, folder.folder_id());
    ASSERT_TRUE(open);
    EXPECT_THAT(uids_of(open->references()), ElementsAre(1, 2));
    EXPECT_EQ(open->keywords(0).name(), "$Work");
    EXPECT_EQ(open->references().keywords(0).index(), 0u);
    EXPECT_EQ(spool.body(anna, open->references().message_id(1)), "hello again");
    EXPECT_EQ(spool.append(anna, "nowhere", "x").error().kind, Kind::no_target);
    EXPECT_EQ(spool.append(AccountId{99}, "INBOX", "x").error().kind, Kind::not_found);
}

TEST_F(MailboxesTest, ARepeatedRequestGivesTheFirstAnswerForADay) {
    const auto first = spool.append(anna, "INBOX", "once", 0, {}, "request-1");
    spool.reopen();
    const auto again = spool.append(anna, "INBOX", "once", 0, {}, "request-1");
    EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 1u);
    spool.clock.advance_ms(24 * 3600 * 1000 - 1);
    EXPECT_EQ(spool.append(anna, "INBOX", "once", 0, {}, "request-1")->uid(), 1u);
    spool.clock.advance_ms(24 * 3600 * 1000 + 1);
    spool.janitor->tick();
    EXPECT_EQ(spool.append(anna, "INBOX", "once", 0, {}, "request-1")->uid(), 2u);
}

TEST_F(MailboxesTest, FoldersAreMadeRenamedAndDeleted) {
    ASSERT_TRUE(create("a/b/c"));
    EXPECT_THAT(names(), testing::IsSupersetOf({"a/", "a/b/", "a/b/c"}));
    v1::GetFolder level;
    level.set_name("a");
    EXPECT_EQ(spool.mailboxes->get_folder(anna, level).error().kind, Kind::unsupported);
    EXPECT_EQ(create("a/b/c").error().kind, Kind::exists);
    EXPECT_EQ(create("Inbox").error().kind, Kind::exists);
    EXPECT_EQ(create("a//c").error().kind, Kind::unsupported);
    ASSERT_TRUE(create("a"));
    EXPECT_EQ(remove("a/b").error().kind, Kind::exists);
    EXPECT_EQ(remove("INBOX").error().kind, Kind::denied);
    EXPECT_EQ(remove("none").error().kind, Kind::not_found);
    const auto id = spool.folder(anna, "a/b/c").folder_id();
    EXPECT_EQ(rename("a", "a/x").error().kind, Kind::unsupported);
    ASSERT_TRUE(rename("a", "z"));
    EXPECT_EQ(spool.folder(anna, "z/b/c").folder_id(), id);
    EXPECT_EQ(spool.folder(anna, "a/b/c").folder_id(), 0u);
    EXPECT_EQ(rename("z", "Sent").error().kind, Kind::exists);
    EXPECT_EQ(rename("none", "x").error().kind, Kind::not_found);
    const auto validity = spool.folder(anna, "z/b/c").uid_validity();
    ASSERT_TRUE(remove("z/b/c"));
    ASSERT_TRUE(create("z/b/c"));
    EXPECT_GT(spool.folder(anna, "z/b/c").uid_validity(), validity);
    EXPECT_GT(spool.folder(anna, "z/b/c").folder_id(), id);
}

TEST_F(MailboxesTest, AListingHasABound) {
    std::string deep = "top";
    for (int level = 0; level < 30; ++level) deep += "/" + std::string(25, 'x');
    int made = 0;
    for (; made < 1000; ++made) {
        const auto created = create(cat(made, deep));
        if (created) continue;
        EXPECT_EQ(created.error().kind, Kind::over_quota);
        break;
    }
    EXPECT_LT(made, 500);
    const auto list = spool.mailboxes->list_folders(anna, {});
    EXPECT_GT(list->folders_size(), made * 30);
    EXPECT_LT(list->ByteSizeLong(), 2 * kListBytesMax);
}

TEST_F(MailboxesTest, AMessageHasABoundOfKeywords) {
    ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    const auto inbox = spool.folder(anna, "INBOX").folder_id();
    for (int round = 0; round < 3; ++round) {
        auto request = flags_request(inbox, v1::FLAG_CHANGE_ADD, 0);
        for (int i = 0; i < 50; ++i) request.add_keywords(cat("k", round * 50 + i));
        EXPECT_EQ(call(&Mailboxes::store_flags, request).has_value(), round < 2);
    }
    const auto open = spool.open_folder(anna, inbox);
    EXPECT_EQ(open->keywords_size(), 100);
    EXPECT_EQ(open->references().keywords(0).keyword_id_size(), 100);
}

TEST_F(MailboxesTest, SubscriptionsOutliveFolders) {
    ASSERT_TRUE(create("lists"));
    v1::SetSubscribed request;
    request.set_name("lists");
    request.set_subscribed(true);
    ASSERT_TRUE(call(&Mailboxes::set_subscribed, request));
    ASSERT_TRUE(remove("lists"));
    const auto list = spool.mailboxes->list_folders(anna, {});
    EXPECT_THAT(list->subscribed_without_folder(), ElementsAre("lists"));
    request.set_subscribed(false);
    ASSERT_TRUE(call(&Mailboxes::set_subscribed, request));
    EXPECT_THAT(spool.mailboxes->list_folders(anna, {})->subscribed_without_folder(), IsEmpty());
}

TEST_F(MailboxesTest, RenamingInboxLeavesANewOneAndPop3SeesTheOldMail) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", cat("mail ", i)));
    const auto old = spool.folder(anna, "INBOX");
    bool woken = false;
    const auto subscriber = spool.hub.subscribe([&] { woken = true; });
    ASSERT_TRUE(spool.open_folder(anna, old.folder_id(), 0, 0, subscriber.get()));
    subscriber->start(FolderId{old.folder_id()});
    ASSERT_TRUE(rename("INBOX", "OLD_INBOX"));
    EXPECT_TRUE(woken);
    EXPECT_TRUE(subscriber->take(1000).at(0)->gone());
    const auto now = spool.folder(anna, "INBOX");
    EXPECT_EQ(now.messages(), 0u);
    EXPECT_NE(now.folder_id(), old.folder_id());
    EXPECT_GT(now.uid_validity(), old.uid_validity());
    EXPECT_EQ(spool.folder(anna, "OLD_INBOX").messages(), 3u);
    ASSERT_TRUE(spool.append(anna, "INBOX", "new"));
    auto drop = Spool::drain(spool.mailboxes->open_maildrop(anna, LeaseOwner{1}));
    ASSERT_TRUE(drop);
    EXPECT_THAT(uids_of(drop->at(0).references()), ElementsAre(1, 2, 3, 4));
    v1::CloseMaildrop close;
    close.set_lease(drop->at(0).lease());
    add_uids(close.mutable_remove(), 2, 4);
    EXPECT_EQ(call(&Mailboxes::close_maildrop, close)->removed(), 3u);
    EXPECT_EQ(spool.folder(anna, "OLD_INBOX").messages(), 1u);
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 0u);
}

TEST_F(MailboxesTest, StoreFlagsTellsWhatItRefused) {
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(spool.append(anna, "INBOX", "m"));
    const auto id = spool.folder(anna, "INBOX").folder_id();
    const auto before = spool.folder(anna, "INBOX").highest_modseq();
    const auto seen = call(&Mailboxes::store_flags, flags_request(id, v1::FLAG_CHANGE_ADD, v1::SYSTEM_FLAG_SEEN, 2, 2));
    EXPECT_EQ(seen->modseq(), before + 1);
    EXPECT_EQ(call(&Mailboxes::store_flags, flags_request(id, v1::FLAG_CHANGE_ADD, v1::SYSTEM_FLAG_SEEN, 2, 2))->modseq(), 0u);
    EXPECT_EQ(spool.folder(anna, "INBOX").highest_modseq(), before + 1);
    auto unchanged = flags_request(id, v1::FLAG_CHANGE_ADD, v1::SYSTEM_FLAG_FLAGGED);
    unchanged.set_has_unchanged_since(true);
    unchanged.set_unchanged_since(before);
    const auto reply = call(&Mailboxes::store_flags, unchanged);
    ASSERT_EQ(reply->modified_size(), 1);
    EXPECT_EQ(reply->modified(0).first(), 2u);
    EXPECT_EQ(reply->modified(0).last(), 2u);
    EXPECT_EQ(spool.folder(anna, "INBOX").first_unseen_uid(), 1u);
    auto too_long = flags_request(id, v1::FLAG_CHANGE_ADD, 0);
    too_long.add_keywords(std::string(500, 'k'));
    EXPECT_EQ(call(&Mailboxes::store_flags, too_long).error().kind, Kind::invalid);
    EXPECT_EQ(call(&Mailboxes::store_flags, flags_request(999, v1::FLAG_CHANGE_ADD, 1)).error().kind, Kind::not_found);
}

TEST_F(MailboxesTest, MoveKeepsTheUidlAndCopyMakesANewOne) {
    ASSERT_TRUE(spool.append(anna, "INBOX", "one"));
    ASSERT_TRUE(create("away"));
    const auto uidls = [&] {
        auto drop = Spool::drain(spool.mailboxes->open_maildrop(anna, LeaseOwner{1}));
        spool.mailboxes->release_leases(LeaseOwner{1});
        const auto& column = drop->at(0).references().uidl();
        return std::vector<std::string>(column.begin(), column.end());
    };
    const auto first = uidls();
    ASSERT_EQ(first.size(), 1u);
    const auto inbox = spool.folder(anna, "INBOX").folder_id();
    const auto away = spool.folder(anna, "away").folder_id();
    const auto copied = call(&Mailboxes::copy_messages, copy_request(inbox, 1, 1, "INBOX", false));
    ASSERT_TRUE(copied);
    EXPECT_EQ(copied->target(0).first(), 2u);
    EXPECT_EQ(copied->modseq(), 0u);
    ASSERT_EQ(uidls().size(), 2u);
    EXPECT_NE(uidls()[1], first[0]);
    ASSERT_TRUE(call(&Mailboxes::copy_messages, copy_request(inbox, 1, 1, "away", true)));
    EXPECT_EQ(uidls().size(), 1u);
    const auto back = call(&Mailboxes::copy_messages, copy_request(away, 1, 1, "INBOX", true));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->target(0).first(), 3u);
    EXPECT_EQ(uidls()[1], first[0]);
    EXPECT_EQ(call(&Mailboxes::copy_messages, copy_request(inbox, 77, 77, "away", true)).error().kind, Kind::not_found);
    EXPECT_EQ(call(&Mailboxes::copy_messages, copy_request(inbox, 1, 9, "none", true)).error().kind, Kind::no_target);
    EXPECT_TRUE(call(&Mailboxes::copy_messages, copy_request(inbox, 1, 9, "INBOX", true)));
    EXPECT_EQ(uidls().size(), 2u);
}

TEST_F(MailboxesTest, TheQuotaHoldsAndSentHasAReserve) {
    spool.settings.reserve_bytes_min = 50;
    spool.reopen();
    spool.limits.set(anna, {true, 100, 0});
    ASSERT_TRUE(spool.append(anna, "INBOX", std::string(90, 'x')));
    EXPECT_EQ(spool.append(anna, "INBOX", std::string(11, 'x')).error().kind, Kind::over_quota);
    ASSERT_TRUE(spool.append(anna, "Sent", std::string(40, 'x')));
    EXPECT_EQ(spool.append(anna, "Drafts", std::string(40, 'x')).error().kind, Kind::over_quota);
    const auto inbox = spool.folder(anna, "INBOX").folder_id();
    EXPECT_EQ(call(&Mailboxes::copy_messages, copy_request(inbox, 1, 1, "Trash", false)).error().kind, Kind::over_quota);
    EXPECT_TRUE(call(&Mailboxes::copy_messages, copy_request(inbox, 1, 1, "Trash", true)));
    const auto quota = spool.mailboxes->get_quota(anna);
    EXPECT_EQ(quota->bytes_used(), 130u);
    EXPECT_EQ(quota->messages_used(), 2u);
}

v1::CommitPlan plan_for(std::initializer_list<AccountId> accounts) {
    v1::CommitPlan plan;
    plan.set_bytes("From: x\r\n\r\nbody");
    Spool::summarise(*plan.mutable_summary(), plan.bytes());
    for (const auto account : accounts) {
        auto* delivery = plan.add_deliveries();
        delivery->set_account_id(raw(account));
        delivery->set_prefix(cat("Delivered-To: ", raw(account), "\r\n"));
    }
    return plan;
}

TEST_F(MailboxesTest, OnePlanDeliversToAll) {
    const auto bea = spool.add_account();
    auto plan = plan_for({anna, bea, anna});
    plan.set_request_id("plan-1");
    plan.mutable_deliveries(1)->set_folder("no such folder");
    plan.mutable_deliveries(2)->set_folder("Archive");
    auto* outbound = plan.add_outbound();
    outbound->set_reverse_path("x@example.test");
    outbound->add_recipients()->set_address("y@elsewhere.test");
    const auto reply = spool.plan(plan);
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->deliveries_size(), 3);
    EXPECT_EQ(reply->deliveries(0).uid(), 1u);
    EXPECT_EQ(reply->deliveries(1).folder_id(), spool.folder(bea, "INBOX").folder_id());
    EXPECT_EQ(reply->deliveries(2).folder_id(), spool.folder(anna, "Archive").folder_id());
    EXPECT_EQ(reply->queue_ids_size(), 1);
    EXPECT_EQ(spool.queue->counts()->waiting, 1u);
    EXPECT_EQ(spool.plan(plan)->SerializeAsString(), reply->SerializeAsString());
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 1u);
    const auto open = spool.open_folder(bea, spool.folder(bea, "INBOX").folder_id());
    const auto text = cat("Delivered-To: ", raw(bea), "\r\n", plan.bytes());
    EXPECT_EQ(open->references().bytes(0), text.size());
    EXPECT_EQ(spool.body(bea, open->references().message_id(0)), text);
    EXPECT_EQ(spool.body(bea, open->references().message_id(0), 1), text);
    EXPECT_EQ(spool.body(anna, open->references().message_id(0)), "gone");  // another account's
    ASSERT_TRUE(spool.queue->list([&](const QueuedMail& mail) {
        EXPECT_EQ(mail.recipients.size(), 1u);
        for (const auto& recipient : mail.recipients) EXPECT_EQ(recipient.address, "y@elsewhere.test");
        return true;
    }));
    EXPECT_EQ(spool.store->stats().bodies, 1u);
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) { return Queue::remove(t, QueueId{reply->queue_ids(0)}); }));
    EXPECT_EQ(spool.queue->counts()->waiting, 0u);
    EXPECT_EQ(spool.store->stats().bodies, 1u);
}

TEST_F(MailboxesTest, APlanThatNotAllCanTakeLeavesNothing) {
    const auto full = spool.add_account({true, 5, 0});
    const AccountId nobody{99};
    EXPECT_EQ(spool.plan(plan_for({anna, full})).error().kind, Kind::busy);
    EXPECT_EQ(spool.plan(plan_for({full})).error().kind, Kind::over_quota);
    EXPECT_EQ(spool.plan(plan_for({nobody})).error().kind, Kind::not_found);
    EXPECT_EQ(spool.plan(plan_for({full, nobody})).error().kind, Kind::busy);
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 0u);
    EXPECT_EQ(spool.store->stats().bodies, 0u);
    auto empty = plan_for({anna});
    empty.clear_content();
    EXPECT_EQ(spool.plan(empty).error().kind, Kind::invalid);
    auto long_prefix = plan_for({anna});
    long_prefix.mutable_deliveries(0)->set_prefix(std::string(kPrefixBytesMax + 1, 'p'));
    EXPECT_EQ(spool.plan(long_prefix).error().kind, Kind::invalid);
}

}  // namespace
}  // namespace tayori::spool
