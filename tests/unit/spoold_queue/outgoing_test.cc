#include <thread>

#include "outgoing_fixture.h"
#include "spoold/directory/records.h"
#include "spoold/mailbox/codec.h"

namespace tayori::spool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::int64_t kMinuteOfMs = 60'000;
constexpr std::int64_t kHourOfMs = 60 * kMinuteOfMs;

TEST_F(OutgoingTest, AMailIsCarriedReportedAndGone) {
    auto request = plan({"x@a.test"});
    auto& outbound = *request.mutable_outbound(0);
    outbound.set_account_id(5);
    outbound.set_envelope_id("QQ314159");
    outbound.set_dsn_return(v1::DSN_RETURN_FULL);
    outbound.set_smtputf8(true);
    outbound.mutable_recipients(0)->set_original("rfc822;x@a.test");
    outbound.mutable_recipients(0)->set_notify(v1::DSN_NOTIFY_FAILURE);
    const auto id = add(request);
    const auto lease = this->lease();
    EXPECT_EQ(lease.destination(), "a.test");
    EXPECT_EQ(lease.route().kind(), v1::Route::KIND_MX);
    EXPECT_EQ(lease.route().domain(), "a.test");
    ASSERT_EQ(lease.mails_size(), 1);
    const auto& mail = lease.mails(0);
    EXPECT_EQ(mail.queue_id(), id);
    EXPECT_EQ(mail.trace_id(), "trace1");
    EXPECT_EQ(mail.reverse_path(), "anna@ours.test");
    EXPECT_EQ(content(lease), std::string("Received: by us\r\n") + kMail);
    EXPECT_EQ(mail.envelope_id(), "QQ314159");
    EXPECT_EQ(mail.dsn_return(), v1::DSN_RETURN_FULL);
    EXPECT_TRUE(mail.smtputf8());
    EXPECT_FALSE(mail.eight_bit());
    EXPECT_EQ(mail.account_id(), 5u);
    ASSERT_EQ(mail.recipients_size(), 1);
    EXPECT_EQ(mail.recipients(0).address(), "x@a.test");
    EXPECT_EQ(mail.recipients(0).original(), "rfc822;x@a.test");
    EXPECT_EQ(mail.recipients(0).notify(), std::uint32_t{v1::DSN_NOTIFY_FAILURE});
    EXPECT_EQ(this->lease().mails_size(), 0);
    EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED));
    EXPECT_EQ(spool.queue->counts()->waiting, 0u);
    EXPECT_FALSE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED));  // safe to repeat
    EXPECT_EQ(spool.store->stats().bodies, 0u);
    EXPECT_THAT(traced("trace1"), ElementsAre("RECEIVED", "QUEUED", "DELIVERED"));
}

TEST_F(OutgoingTest, ValuesOfTheFirstVersionAreStillSent) {
    const auto id = add(plan({"x@a.test"}));
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        const auto mail = Queue::read(t, QueueId{id}).value();
        std::string old(1, '\1');
        put_varint(old, 5);
        put_bytes(old, "anna@ours.test");
        put_varint(old, 2);
        put_bytes(old, "x@a.test");
        put_bytes(old, "y@a.test");
        put_bytes(old, "P: 1\r\n");
        put_varint(old, static_cast<std::uint64_t>(mail.body));
        put_varint(old, 99);
        put_signed(old, spool.clock.now_ms());
        put_bytes(old, "old1");
        t.put(keys::queued(QueueId{id}), old);
        return {};
    }));
    restart();
    const auto lease = this->lease();
    ASSERT_EQ(lease.mails_size(), 1);
    EXPECT_EQ(lease.mails(0).recipients_size(), 2);
    EXPECT_EQ(content(lease), std::string("P: 1\r\n") + kMail);
    EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED, {0}));
    EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DEFERRED, {1}));
    ASSERT_THAT(queue(), SizeIs(1));
    EXPECT_EQ(queue()[0].recipients(0).state(), v1::QueuedRecipient::STATE_DELIVERED);
    EXPECT_EQ(queue()[0].recipients(1).state(), v1::QueuedRecipient::STATE_WAITING);
    EXPECT_EQ(queue()[0].recipients(1).tries(), 1u);
}

TEST_F(OutgoingTest, ARecordKeepsEverything) {
    QueuedMail mail;
    mail.id = QueueId{3};
    mail.sender = AccountId{9};
    mail.reverse_path = "a@b";
    mail.recipients = {{"x@y", "rfc822;x", 6, RecipientState::failed, 3, 1'000, 2'000, "said"}, {}};
    mail.prefix = "P\r\n";
    mail.body = store::BodyId{4};
    mail.bytes = 5;
    mail.created_ms = 6;
    mail.trace_id = "t";
    mail.envelope_id = "e";
    mail.dsn_return = v1::DSN_RETURN_HEADERS;
    mail.smtputf8 = mail.forward = mail.held = mail.delay_told = true;
    const auto value = mail.encode();
    const auto again = QueuedMail::decode(QueueId{3}, value);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->encode(), value);
    EXPECT_EQ(again->recipients[0].said, "said");
    EXPECT_EQ(again->recipients[0].state, RecipientState::failed);
    EXPECT_TRUE(again->held && again->forward && again->smtputf8 && again->delay_told);
    EXPECT_FALSE(again->is_settled());
    for (std::size_t i = 0; i < value.size(); ++i) EXPECT_FALSE(QueuedMail::decode(QueueId{3}, value.substr(0, i))) << i;
    EXPECT_FALSE(QueuedMail::decode(QueueId{3}, "\3" + value.substr(1)));
}

TEST_F(OutgoingTest, RecipientsOfOneMailGoTheirWays) {
    const auto id = add(plan({"x@a.test", "y@b.test", "z@A.test", "u7@ours.test"}));
    std::map<std::string, std::vector<std::uint32_t>> ways;
    for (int i = 0; i < 3; ++i) {
        const auto lease = this->lease();
        for (const auto& recipient : lease.mails(0).recipients()) ways[lease.destination()].push_back(recipient.index());
        if (lease.destination() != "b.test") continue;
        EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED, {1}));
    }
    EXPECT_THAT(ways["a.test"], ElementsAre(0, 2));
    EXPECT_THAT(ways["b.test"], ElementsAre(1));
    EXPECT_THAT(ways["local"], ElementsAre(3));
    EXPECT_EQ(queue()[0].recipients(0).state(), v1::QueuedRecipient::STATE_CARRIED);
    EXPECT_EQ(queue()[0].recipients(1).state(), v1::QueuedRecipient::STATE_DELIVERED);
}

TEST_F(OutgoingTest, RetriesWaitAndSurviveARestart) {
    const auto id = add(plan({"x@a.test"}));
    const auto start = spool.clock.now_ms();
    for (const std::int64_t minutes : {2, 4, 8}) {
        const auto lease = this->lease();
        ASSERT_EQ(lease.mails_size(), 1) << minutes;
        EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DEFERRED, {0}, "try later", 451));
        EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DEFERRED, {0}, "try later", 451));  // a repeat defers nothing twice
        end(lease);
        EXPECT_EQ(queue()[0].recipients(0).next_try_ms(), spool.clock.now_ms() + minutes * kMinuteOfMs);
        EXPECT_EQ(queue()[0].recipients(0).said().text(), "try later");
        restart();
        EXPECT_EQ(this->lease().mails_size(), 0);
        spool.clock.advance_ms(minutes * kMinuteOfMs);
        restart();
    }
    EXPECT_EQ(spool.clock.now_ms() - start, 14 * kMinuteOfMs);
    EXPECT_EQ(queue()[0].recipients(0).tries(), 3u);
}

TEST_F(OutgoingTest, AFailureIsToldToTheSender) {
    const auto id = add(plan({"x@a.test", "y@a.test"}));
    const auto lease = this->lease();
    EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_FAILED, {1}, "no such user"));
    EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED, {0}));
    const auto notice = this->lease();
    EXPECT_EQ(notice.destination(), "local");
    ASSERT_EQ(notice.mails_size(), 1);
    EXPECT_EQ(notice.mails(0).reverse_path(), "");
    EXPECT_EQ(notice.mails(0).recipients(0).address(), "anna@ours.test");
    const auto text = content(notice);
    EXPECT_THAT(text, HasSubstr("From: Mail Delivery System <postmaster@ours.test>"));
    EXPECT_THAT(text, HasSubstr("Final-Recipient: rfc822;y@a.test\r\nAction: failed\r\n"));
    EXPECT_THAT(text, HasSubstr("Diagnostic-Code: smtp;550 no such user"));
    EXPECT_THAT(text, HasSubstr("Subject: hello"));
    EXPECT_THAT(text, Not(HasSubstr("x@a.test")));
    EXPECT_THAT(text, Not(HasSubstr("Body.")));
    // The notification itself causes none.
    EXPECT_TRUE(report(notice, notice.mails(0).queue_id(), v1::CARRY_OUTCOME_FAILED));
    EXPECT_THAT(queue(), IsEmpty());
    EXPECT_EQ(spool.store->stats().bodies, 0u);
    EXPECT_THAT(traced("trace1"), ElementsAre("RECEIVED", "QUEUED", "FAILED", "NOTIFIED", "DELIVERED"));
    EXPECT_EQ(outgoing->counts().failed, 2u);
}

TEST_F(OutgoingTest, WhatTheSenderAskedForIsTold) {
    struct Case {
        std::uint32_t notify;
        v1::CarryOutcome outcome;
        const char* to;
        const char* action;  // empty: nothing is told
    };
    const Case cases[] = {
        {v1::DSN_NOTIFY_NEVER, v1::CARRY_OUTCOME_FAILED, "x@a.test", ""},
        {v1::DSN_NOTIFY_SUCCESS, v1::CARRY_OUTCOME_FAILED, "x@a.test", ""},
        {v1::DSN_NOTIFY_FAILURE, v1::CARRY_OUTCOME_FAILED, "x@a.test", "failed"},
        {0, v1::CARRY_OUTCOME_DELIVERED, "u7@ours.test", ""},
        {v1::DSN_NOTIFY_SUCCESS, v1::CARRY_OUTCOME_DELIVERED, "u7@ours.test", "delivered"},
        {v1::DSN_NOTIFY_SUCCESS, v1::CARRY_OUTCOME_DELIVERED, "x@a.test", ""},  // that system tells
        {v1::DSN_NOTIFY_SUCCESS, v1::CARRY_OUTCOME_RELAYED, "x@a.test", "relayed"},
        {v1::DSN_NOTIFY_FAILURE, v1::CARRY_OUTCOME_RELAYED, "x@a.test", ""},
    };
    for (const auto& one : cases) {
        auto request = plan({one.to}, "anna@elsewhere.test");
        request.mutable_outbound(0)->mutable_recipients(0)->set_notify(one.notify);
        const auto id = add(request);
        const auto lease = this->lease();
        EXPECT_TRUE(report(lease, id, one.outcome));
        end(lease);
        const auto notice = this->lease();
        if (*one.action == '\0') {
            EXPECT_EQ(notice.mails_size(), 0) << one.notify << " " << one.outcome;
            continue;
        }
        ASSERT_EQ(notice.mails_size(), 1) << one.action;
        EXPECT_EQ(notice.destination(), "elsewhere.test");
        EXPECT_THAT(content(notice), HasSubstr(cat("Action: ", one.action, "\r\n")));
        report(notice, notice.mails(0).queue_id(), v1::CARRY_OUTCOME_DELIVERED);
        end(notice);
    }
    EXPECT_THAT(queue(), IsEmpty());
}

TEST_F(OutgoingTest, TheWholeMailComesBackWhereItIsWanted) {
    auto request = plan({"x@a.test"});
    request.mutable_outbound(0)->set_dsn_return(v1::DSN_RETURN_FULL);
    request.mutable_outbound(0)->set_envelope_id("one+3Dtwo");
    const auto id = add(request);
    report(this->lease(), id, v1::CARRY_OUTCOME_FAILED);
    const auto notice = this->lease();
    EXPECT_THAT(content(notice), HasSubstr("Content-Type: message/rfc822\r\n"));
    EXPECT_THAT(content(notice), HasSubstr("Body.\r\n"));
    EXPECT_THAT(content(notice), HasSubstr("Original-Envelope-Id: one=two\r\n"));
}

TEST_F(OutgoingTest, ADelayIsToldOnceAndTheEndWhenItsTimeIsOver) {
    const auto id = add(plan({"x@a.test"}));
    auto lease = this->lease();
    report(lease, id, v1::CARRY_OUTCOME_DEFERRED, {0}, "busy", 451);
    end(lease);
    spool.clock.advance_ms(4 * kHourOfMs);
    EXPECT_EQ(this->lease("local").mails_size(), 0);  // it is being made
    ASSERT_TRUE(spool.commit([](store::Transaction&) -> Result<void> { return {}; }));
    lease = this->lease("local");
    ASSERT_EQ(lease.mails_size(), 1);
    EXPECT_THAT(content(lease), HasSubstr("Action: delayed\r\n"));
    EXPECT_THAT(content(lease), HasSubstr("Will-Retry-Until: "));
    EXPECT_THAT(content(lease), HasSubstr("451 busy"));
    report(lease, lease.mails(0).queue_id(), v1::CARRY_OUTCOME_DELIVERED);
    spool.clock.advance_ms(116 * kHourOfMs);
    lease = this->lease("a.test");
    ASSERT_EQ(lease.mails_size(), 1);
    EXPECT_TRUE(lease.mails(0).last_try());
    report(lease, id, v1::CARRY_OUTCOME_DEFERRED, {0}, "still busy", 451);
    const auto notice = this->lease("local");
    ASSERT_EQ(notice.mails_size(), 1);
    EXPECT_THAT(content(notice), HasSubstr("Action: failed\r\nStatus: 4.4.7\r\n"));
    EXPECT_THAT(content(notice), HasSubstr("451 still busy"));
    report(notice, notice.mails(0).queue_id(), v1::CARRY_OUTCOME_DELIVERED);
    EXPECT_THAT(queue(), IsEmpty());
}

TEST_F(OutgoingTest, WhoWaitsIsWoken) {
    std::promise<v1::Lease> got;
    std::thread waits([&] { got.set_value(lease({}, 30'000)); });
    const auto id = add(plan({"x@a.test"}));
    const auto lease = got.get_future().get();
    waits.join();
    ASSERT_EQ(lease.mails_size(), 1);
    EXPECT_EQ(lease.mails(0).queue_id(), id);
    EXPECT_EQ(this->lease({}, 1).mails_size(), 0);  // nothing came
}

TEST_F(OutgoingTest, WhoIsGoneWaitsNoMore) {
    v1::LeaseMail request;
    request.set_wait_ms(60'000);
    bool dropped = false;
    struct Flag {
        bool* flag;
        ~Flag() { *flag = true; }
    };
    auto flag = std::make_shared<Flag>(Flag{&dropped});
    dropped = false;
    outgoing->lease_mail(request, LeaseStream{5}, 1, [flag](Result<v1::LeaseMailReply>) {});
    flag.reset();
    outgoing->cancel(LeaseStream{5}, 2);
    EXPECT_FALSE(dropped);
    outgoing->cancel(LeaseStream{5}, 1);
    EXPECT_TRUE(dropped);
    add(plan({"x@a.test"}));
    EXPECT_EQ(lease().mails_size(), 1);
}

TEST_F(OutgoingTest, LargeMailsAreFetched) {
    auto request = plan({"x@a.test"});
    const auto big = std::string("Subject: big\r\n\r\n") + std::string(200'000, 'x') + "\xC3\xA4\r\n";
    request.set_bytes(big);
    const auto id = add(request);
    const auto lease = this->lease();
    EXPECT_EQ(lease.mails(0).content(), "");
    EXPECT_EQ(lease.mails(0).content_bytes(), big.size());
    EXPECT_TRUE(lease.mails(0).eight_bit());
    const auto fetch = [&](std::uint64_t offset, std::uint64_t bytes) {
        v1::FetchQueued wanted;
        wanted.set_queue_id(id);
        wanted.set_offset(offset);
        wanted.set_bytes(bytes);
        auto replies = Spool::drain(outgoing->fetch_queued(wanted), 10'000);
        std::string all;
        for (const auto& reply : *replies) all += reply.data();
        return all;
    };
    EXPECT_EQ(fetch(0, 0), big);
    EXPECT_EQ(fetch(5, 20'000), big.substr(5, 20'000));
    EXPECT_EQ(fetch(big.size(), 0), "");
    EXPECT_EQ(fetch(big.size() + 5, 7), "");
    v1::FetchQueued gone;
    gone.set_queue_id(id + 1);
    EXPECT_EQ(outgoing->fetch_queued(gone).error().kind, Kind::not_found);
}

TEST_F(OutgoingTest, AMailOfItsOwnHasItsOwnContent) {
    auto request = plan({"x@a.test"});
    auto& reply = *request.add_outbound();
    reply.set_content("Subject: away\r\n\r\nI am away.\r\n");
    reply.add_recipients()->set_address("bert@b.test");
    add(request);
    const auto first = lease();
    const auto second = lease();
    EXPECT_EQ(content(first), std::string("Received: by us\r\n") + kMail);
    EXPECT_EQ(content(second), "Subject: away\r\n\r\nI am away.\r\n");
    report(first, first.mails(0).queue_id(), v1::CARRY_OUTCOME_DELIVERED);
    report(second, second.mails(0).queue_id(), v1::CARRY_OUTCOME_DELIVERED);
    EXPECT_EQ(spool.store->stats().bodies, 0u);
}

TEST_F(OutgoingTest, AReportOutlivesTheRestart) {
    const auto id = add(plan({"x@a.test", "y@a.test"}));
    options.reclaim_wait_ms = 8'000;
    const auto lease = this->lease();
    restart();
    EXPECT_EQ(this->lease().mails_size(), 0);
    v1::ReclaimLeases request;
    auto& held = *request.add_leases();
    held.set_lease_id(lease.lease_id());
    held.set_destination("a.test");
    held.add_queue_ids(id);
    held.add_queue_ids(id + 1);
    const auto reply = outgoing->reclaim_leases(request, LeaseStream{9});
    EXPECT_THAT(reply->lost(), ElementsAre(id + 1));
    spool.clock.advance_ms(9'000);
    EXPECT_EQ(this->lease().mails_size(), 0);
    EXPECT_TRUE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED, {0, 1}));
    EXPECT_THAT(queue(), IsEmpty());
}

TEST_F(OutgoingTest, AdministratorsHoldReleaseRetryAndCancel) {
    const auto id = add(plan({"x@a.test"}));
    const auto other = add(plan({"y@b.test"}, "bert@ours.test"));
    v1::SelectQueued select;
    EXPECT_FALSE(outgoing->change(select, Outgoing::Change::hold));  // nothing is not everything
    select.set_recipient("@A.test");
    EXPECT_EQ(outgoing->change(select, Outgoing::Change::hold)->mails(), 1u);
    EXPECT_EQ(outgoing->change(select, Outgoing::Change::hold)->mails(), 0u);
    EXPECT_EQ(queue()[0].recipients(0).state(), v1::QueuedRecipient::STATE_HELD);
    auto lease = this->lease();
    EXPECT_EQ(lease.mails(0).queue_id(), other);
    EXPECT_EQ(this->lease().mails_size(), 0);
    EXPECT_EQ(outgoing->change(select, Outgoing::Change::release)->mails(), 1u);
    end(lease, "unreachable");
    lease = this->lease();
    EXPECT_EQ(lease.mails(0).queue_id(), id);
    report(lease, id, v1::CARRY_OUTCOME_DEFERRED);
    EXPECT_EQ(this->lease().mails_size(), 0);
    v1::SelectQueued all;
    all.set_all(true);
    EXPECT_EQ(outgoing->change(all, Outgoing::Change::retry)->mails(), 2u);
    EXPECT_EQ(this->lease().mails_size() + this->lease().mails_size(), 2);
    select.Clear();
    select.set_sender("BERT@ours.test");
    EXPECT_EQ(outgoing->change(select, Outgoing::Change::cancel)->mails(), 1u);
    select.Clear();
    select.add_queue_id(id);
    select.add_queue_id(12345);
    EXPECT_EQ(outgoing->change(select, Outgoing::Change::cancel_and_tell)->mails(), 1u);
    const auto left = queue();
    ASSERT_THAT(left, SizeIs(1));
    EXPECT_EQ(left[0].recipients(0).address(), "anna@ours.test");
    EXPECT_FALSE(report(lease, id, v1::CARRY_OUTCOME_DELIVERED));
    EXPECT_THAT(traced(cat(id)), ElementsAre("RECEIVED", "QUEUED", "RECEIVED", "QUEUED", "HELD", "RELEASED", "DEFERRED", "CANCELLED",
                                            "CANCELLED", "NOTIFIED"));
}

TEST_F(OutgoingTest, StatsNameDestinations) {
    add(plan({"x@a.test"}));
    add(plan({"y@b.test"}));
    add(plan({"z@b.test"}));
    const auto lease = this->lease();
    end(lease, "refused");
    const auto stats = outgoing->stats();
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->waiting(), 3u);
    EXPECT_EQ(stats->leased(), 0u);
    EXPECT_EQ(stats->oldest_ms(), spool.clock.now_ms());
    ASSERT_EQ(stats->destinations_size(), 2);
    EXPECT_EQ(stats->destinations(0).destination(), "b.test");
    EXPECT_EQ(stats->destinations(1).said().text(), "refused");
}

TEST_F(OutgoingTest, ANewRouteHoldsForWhatWaits) {
    const auto id = add(plan({"x@a.test"}));
    v1::SetRouteRequest request;
    request.set_domain("*");
    request.mutable_route()->set_kind(v1::Route::KIND_RELAY);
    request.mutable_route()->set_host("r.test");
    auto promise = std::make_shared<std::promise<Result<v1::RouteEntry>>>();
    routes->set(request, [promise](Result<v1::RouteEntry> entry) { promise->set_value(std::move(entry)); });
    ASSERT_TRUE(promise->get_future().get());
    EXPECT_EQ(lease("a.test").mails_size(), 0);
    const auto lease = this->lease();
    EXPECT_EQ(lease.destination(), "relay:r.test:25");
    EXPECT_EQ(lease.mails(0).queue_id(), id);
}

TEST_F(OutgoingTest, MailOfOursIsSent) {
    v1::SendMailRequest request;
    EXPECT_FALSE(outgoing->send(request));
    request.add_recipients("u7@ours.test");
    request.add_recipients("x@a.test");
    const auto sent = outgoing->send(request);
    ASSERT_TRUE(sent) << sent.error().text;
    const auto mail = outgoing->show(QueueId{sent->queue_ids(0)});
    EXPECT_EQ(mail->sender(), "postmaster@ours.test");
    EXPECT_EQ(mail->subject(), "Test mail");
    EXPECT_EQ(mail->recipients(0).destination(), "local");
    EXPECT_EQ(mail->recipients(1).destination(), "a.test");
    request.set_sender("x@elsewhere.test");
    EXPECT_FALSE(outgoing->send(request));
    request.clear_sender();
    request.add_recipients("nobody");
    EXPECT_FALSE(outgoing->send(request));
}

TEST_F(OutgoingTest, TracesAreFoundAndForgotten) {
    const auto anna = spool.add_account();
    auto request = plan({"x@a.test"});
    request.add_deliveries()->set_account_id(raw(anna));
    add(request);
    const std::vector<std::string> all = {"RECEIVED", "STORED", "QUEUED"};
    for (const auto* what : {"trace1", "<1@x>", "1@x", "x@A.test", "anna@ours.test", "u1@ours.test", "1"}) EXPECT_EQ(traced(what), all) << what;
    EXPECT_THAT(traced("z9@ours.test"), IsEmpty());
    EXPECT_THAT(traced("<2@x>"), IsEmpty());
    spool.clock.advance_ms(14 * 24 * kHourOfMs);
    outgoing->tick();
    EXPECT_EQ(traced("trace1"), all);
    spool.clock.advance_ms(25 * kHourOfMs);
    outgoing->tick();
    ASSERT_TRUE(spool.commit([](store::Transaction&) -> Result<void> { return {}; }));
    EXPECT_THAT(traced("trace1"), IsEmpty());
}

TEST_F(OutgoingTest, WhatAnAccountSendsIsLimited) {
    stop();
    spool.clock.advance_ms(2 * kHourOfMs);  // just after midnight
    volume.per_hour_max = 3;
    volume.per_day_max = 4;
    start();
    auto request = plan({"x@a.test", "y@a.test"});
    request.mutable_outbound(0)->set_account_id(5);
    ASSERT_TRUE(spool.plan(request));
    const auto refused = spool.plan(request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::busy);
    EXPECT_THAT(refused.error().text, HasSubstr("3 recipients this hour"));
    EXPECT_EQ(spool.queue->counts()->waiting, 1u);
    spool.clock.advance_ms(kHourOfMs);
    EXPECT_TRUE(spool.plan(request));
    spool.clock.advance_ms(kHourOfMs);
    EXPECT_THAT(spool.plan(request).error().text, HasSubstr("4 recipients this day"));
    request.mutable_outbound(0)->set_account_id(6);
    EXPECT_TRUE(spool.plan(request));
    request.mutable_outbound(0)->set_account_id(0);  // a forward
    EXPECT_TRUE(spool.plan(request));
}

TEST_F(OutgoingTest, ThePostmasterHearsOfMuchMailOnce) {
    stop();
    volume.unusual_min = 3;
    start();
    ASSERT_TRUE(spool.commit([](store::Transaction& t) -> Result<void> {
        stored::v1::StoredAccount account;
        account.set_address("anna@ours.test");
        write_row(t, row_key::account(5), account);
        t.put(row_key::next_account(), encode_u64(6));
        return {};
    }));
    auto request = plan({"x@a.test", "y@a.test"});
    request.mutable_outbound(0)->set_account_id(5);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool.plan(request));
    ASSERT_THAT(queue(), SizeIs(4));
    const auto notice = lease("local");
    ASSERT_EQ(notice.mails_size(), 1);
    EXPECT_EQ(notice.mails(0).recipients(0).address(), "postmaster@ours.test");
    EXPECT_EQ(notice.mails(0).reverse_path(), "");
    EXPECT_THAT(content(notice), HasSubstr("anna@ours.test has sent mail to 4 recipients"));
}

}  // namespace
}  // namespace tayori::spool
