// The queue at work over the real engine: intake, carriers' calls, and what they leave behind.
#pragma once

#include <gmock/gmock.h>

#include <charconv>

#include "harness.h"
#include "spoold/keys.h"
#include "spoold/queue/outgoing.h"

namespace tayori::spool {

class OutgoingTest : public testing::Test {
  protected:
    void SetUp() override {
        options.schedule.retry.jitter_percent = 0;
        options.schedule.random = [] { return std::uint64_t{7}; };
        options.notices.hostname = "mx.ours.test";
        options.reclaim_wait_ms = 0;
        start();
    }
    void TearDown() override {
        stop();
        EXPECT_THAT(spool.problems(), testing::IsEmpty());
        const auto verified = spool.store->verify();
        ASSERT_TRUE(verified);
        EXPECT_THAT(verified->problems, testing::IsEmpty());
        spool.close();
    }
    void start() {
        OutgoingHooks hooks;
        hooks.is_ours = [](const std::string& domain) -> Result<bool> { return domain == "ours.test"; };
        hooks.domains = [] { return std::vector<std::string>{"ours.test"}; };
        hooks.trace.address_of = [](AccountId id) { return cat("u", raw(id), "@ours.test"); };
        hooks.trace.accounts_of = [](const std::string& address) {
            std::uint64_t id = 0;
            std::from_chars(address.data() + 1, address.data() + address.size(), id);
            return std::vector<AccountId>{AccountId{id}};
        };
        sealer = std::make_unique<crypto::Sealer>(spool.directory.path + "/secrets.key");
        routes = std::make_unique<Routes>(*spool.store, *sealer, hooks.is_ours);
        ASSERT_TRUE(routes->load());
        outgoing = std::make_unique<Outgoing>(*spool.store, spool.clock, *routes, options, std::move(hooks));
        IntakeOptions intake;
        intake.volume = volume;
        intake.hostname = "mx.ours.test";
        intake.queued = [this](const std::vector<QueuedMail>& mails) { outgoing->queued(mails); };
        spool.intake = std::make_unique<Intake>(*spool.mailboxes, std::move(intake));
        ASSERT_TRUE(outgoing->start(nullptr));
    }
    void stop() { outgoing->stop(); }
    void restart() {
        stop();
        spool.reopen();
        start();
    }

    static v1::CommitPlan plan(const std::vector<std::string>& recipients, const std::string& sender = "anna@ours.test") {
        v1::CommitPlan plan;
        plan.set_trace_id("trace1");
        plan.set_bytes(kMail);
        plan.set_reverse_path(sender);
        plan.set_client("192.0.2.7");
        Spool::summarise(*plan.mutable_summary(), kMail);
        auto& outbound = *plan.add_outbound();
        outbound.set_reverse_path(sender);
        outbound.set_prefix("Received: by us\r\n");
        for (const auto& recipient : recipients) outbound.add_recipients()->set_address(recipient);
        return plan;
    }
    std::uint64_t add(const v1::CommitPlan& request) {
        auto reply = spool.plan(request);
        EXPECT_TRUE(reply) << reply.error().text;
        return reply ? reply->queue_ids(0) : 0;
    }
    v1::Lease lease(const std::string& destination = {}, std::uint32_t wait_ms = 0) {
        v1::LeaseMail request;
        request.set_mails_max(100);
        request.set_wait_ms(wait_ms);
        request.set_destination(destination);
        auto promise = std::make_shared<std::promise<Result<v1::LeaseMailReply>>>();
        outgoing->lease_mail(request, LeaseStream{1}, ++seq, [promise](Result<v1::LeaseMailReply> r) { promise->set_value(std::move(r)); });
        auto reply = promise->get_future().get();
        EXPECT_TRUE(reply);
        return reply->lease();
    }
    bool report(const v1::Lease& lease, std::uint64_t id, v1::CarryOutcome outcome, std::vector<std::uint32_t> recipients = {0},
                const std::string& words = "no", std::uint32_t code = 550) {
        v1::ReportMail request;
        request.set_lease_id(lease.lease_id());
        request.set_queue_id(id);
        for (const auto recipient : recipients) {
            auto& one = *request.add_outcomes();
            one.set_index(recipient);
            one.set_outcome(outcome);
            one.mutable_said()->set_code(code);
            one.mutable_said()->set_text(words);
            one.mutable_said()->set_host("mx.a.test");
        }
        auto promise = std::make_shared<std::promise<Result<v1::ReportMailReply>>>();
        outgoing->report_mail(request, [promise](Result<v1::ReportMailReply> r) { promise->set_value(std::move(r)); });
        auto reply = promise->get_future().get();
        EXPECT_TRUE(reply);
        return reply && reply->known();
    }
    void end(const v1::Lease& lease, const std::string& trouble = {}) {
        v1::EndLease request;
        request.set_lease_id(lease.lease_id());
        request.set_destination_failed(!trouble.empty());
        if (!trouble.empty()) request.mutable_trouble()->set_text(trouble);
        EXPECT_TRUE(outgoing->end_lease(request));
    }
    std::vector<v1::QueuedMail> queue() {
        std::vector<v1::QueuedMail> mails;
        EXPECT_TRUE(outgoing->list({}, [&](const v1::QueuedMail& mail) { return mails.push_back(mail), true; }));
        return mails;
    }
    std::vector<std::string> traced(const std::string& what) {
        std::vector<std::string> events;
        v1::TraceRequest request;
        request.set_what(what);
        EXPECT_TRUE(outgoing->trace(request, [&](const v1::TracedMail& mail) {
            for (const auto& event : mail.events()) events.push_back(v1::TraceEvent::Kind_Name(event.kind()).substr(5));
            return true;
        }));
        return events;
    }
    // Of the mail that a lease brought.
    static std::string content(const v1::Lease& lease, int at = 0) { return lease.mails(at).prefix() + lease.mails(at).content(); }

    static constexpr const char* kMail = "Subject: hello\r\nMessage-ID: <1@x>\r\n\r\nBody.\r\n";
    Spool spool;
    OutgoingOptions options;
    VolumeLimits volume;
    std::unique_ptr<crypto::Sealer> sealer;
    std::unique_ptr<Routes> routes;
    std::unique_ptr<Outgoing> outgoing;
    std::uint64_t seq = 0;
};

}  // namespace tayori::spool
