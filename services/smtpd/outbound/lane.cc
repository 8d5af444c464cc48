#include "smtpd/outbound/lane.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "smtpd/outbound/dkim_signer.h"
#include "smtpd/outbound/ownership.h"
#include "smtpd/session.h"

namespace tayori::smtp {

Lane::Lane(LaneParts& parts, v1::Lease lease)
    : parts_(parts), route_(lease.route()), reports_(parts.smtp.loop, parts.smtp.spool), prolong_(parts.smtp.loop) {
    take(std::move(lease));
}

Lane::~Lane() { parts_.ownership.remove(lease_.lease_id()); }

void Lane::take(v1::Lease lease) {
    parts_.ownership.remove(lease_.lease_id());
    lease_ = std::move(lease);
    next_mail_ = 0;
    parts_.ownership.add(lease_.lease_id(), *this);
    reports_.restart_clock();
    stay_alive();
}

// A report prolongs the lease; a mail that takes long has none for a while.
void Lane::stay_alive() {
    const net::Duration third = std::chrono::seconds(std::max(lease_.seconds(), 3U)) / 3;
    prolong_.start_in(third, [this, third] {
        const bool quiet = parts_.smtp.loop.now() - reports_.last_at() >= third;
        if (quiet && next_mail_ < static_cast<std::size_t>(lease_.mails_size()))
            reports_.prolong(lease_.lease_id(), lease_.mails(static_cast<int>(next_mail_)).queue_id());
        stay_alive();
    });
}

v1::HeldLease Lane::held() const {
    v1::HeldLease held;
    held.set_lease_id(lease_.lease_id());
    held.set_destination(lease_.destination());
    for (int i = static_cast<int>(next_mail_); i < lease_.mails_size(); ++i) held.add_queue_ids(lease_.mails(i).queue_id());
    return held;
}

Async<bool> Lane::still_ours() {
    if (lost_) co_return false;
    const bool confirmed = co_await parts_.ownership.confirmed();
    const auto until = reports_.last_at() + std::chrono::seconds(lease_.seconds());
    co_return confirmed && !lost_ && parts_.smtp.loop.now() < until;
}

bool Lane::may_go_on() const {
    if (parts_.draining || lost_ || ending_) return false;
    return (client_ && client_->alive()) || refusal_ || route_.kind() == v1::Route::KIND_LOCAL;
}

Async<void> Lane::run() {
    for (;;) {
        co_await carry_lease();
        co_await reports_.settled();
        v1::Lease more;
        if (may_go_on()) more = co_await lease_more();
        v1::EndLease end;
        end.set_lease_id(lease_.lease_id());
        end.set_destination_failed(ending_.has_value());
        if (ending_) *end.mutable_trouble() = *ending_;
        // Where it does not arrive the lease ends by itself.
        static_cast<void>(co_await parts_.smtp.spool.call(std::move(end)).result());
        if (more.lease_id() == 0) break;
        take(std::move(more));
    }
    if (client_) co_await client_->quit();
}

Async<v1::Lease> Lane::lease_more() {
    v1::LeaseMail request;
    request.set_mails_max(kLeaseMailsMax);
    request.set_destination(lease_.destination());
    auto reply = co_await parts_.smtp.spool.call(std::move(request)).result();
    v1::Lease lease;
    if (reply) lease = std::move(*reply->mutable_lease());
    co_return lease;
}

Async<void> Lane::carry_lease() {
    switch (route_.kind()) {
        case v1::Route::KIND_MX:
        case v1::Route::KIND_RELAY:
        case v1::Route::KIND_LMTP: co_await carry_remote(); break;
        case v1::Route::KIND_LOCAL: co_await carry_local(); break;
        case v1::Route::KIND_REFUSE:
            refusal_ = said_ours("5.7.1", route_.text().empty() ? "No mail is sent there." : route_.text(), Step::connect);
            co_await refuse(*refusal_);
            break;
        default:
            // A newer spoold's kind: another carrier may know it.
            ending_ = said_ours("4.3.5", "This carrier does not know the route.", Step::connect);
            break;
    }
}

Async<void> Lane::carry_local() {
    while (next_mail_ < static_cast<std::size_t>(lease_.mails_size()) && !stopping()) {
        const auto& mail = lease_.mails(static_cast<int>(next_mail_));
        std::vector<Verdict> verdicts;
        for (const auto& recipient : mail.recipients()) {
            auto verdict = co_await deliver_local(parts_.smtp, mail, recipient);
            verdicts.push_back(std::move(verdict));
        }
        co_await report(mail, std::move(verdicts));
        ++next_mail_;
    }
}

Async<void> Lane::carry_remote() {
    while (next_mail_ < static_cast<std::size_t>(lease_.mails_size()) && !stopping()) {
        if (refusal_) {
            co_await refuse(*refusal_);
            co_return;
        }
        if (!client_ || !client_->alive()) {
            co_await connect();
            if (parts_.draining) co_return;
        }
        if (!client_) {
            // Only what every host said, or the DNS, is final. Greylisted, down, or one of several: the destination rests.
            if (all_permanent_) {
                refusal_ = trouble_->said;
                continue;
            }
            ending_ = trouble_->said;
            co_await fail_last_tries();
            co_return;
        }
        const auto carried = co_await carry(lease_.mails(static_cast<int>(next_mail_)));
        if (carried == Carried::lost) co_return;
        if (carried == Carried::done) ++next_mail_;
        if (client_->alive()) {
            if (carried == Carried::done) ++carried_;
            const auto most = client_->extensions().mails_max;
            if (most == 0 || carried_ < most) continue;
            co_await client_->quit();
            next_target_ = 0;
            continue;
        }
        // A server that ends the connection after some mails has not failed: the same address again. One that does so before
        // the first recipient is passed over for the next address; one that does so within mails has some tries.
        if (carried_ > 0) {
            next_target_ = 0;
            broken_ = 0;
        } else if (carried == Carried::done) {
            next_target_ = 0;
            if (++broken_ >= kBrokenMax) next_target_ = targets_.size();
            if (!trouble_) trouble_ = Trouble{false, said_ours("4.4.2", "The connections were lost.", Step::data)};
            all_permanent_ = false;
        }
    }
}

Async<void> Lane::connect() {
    client_.reset();
    carried_ = 0;
    if (targets_.empty()) {
        auto found = co_await parts_.hosts.find(route_);
        targets_ = std::move(found.targets);
        next_target_ = 0;
        trouble_ = std::move(found.trouble);
        all_permanent_ = trouble_ && trouble_->permanent;
        if (targets_.empty()) co_return;
    }
    if (next_target_ == 0) all_permanent_ = true;
    while (next_target_ < targets_.size() && !parts_.draining) {
        client_.emplace(parts_.smtp.loop, parts_.client, route_);
        auto trouble = co_await client_->open(targets_[next_target_++]);
        if (!trouble) co_return;
        client_.reset();
        log_debug("no connection", {{"destination", lease_.destination()}, {"host", trouble->said.host()},
                                    {"address", trouble->said.address()}, {"why", trouble->said.text()}});
        // A 5yz greeting is this host's: the next one is asked, as Postfix does (smtp_skip_5xx_greeting).
        all_permanent_ = all_permanent_ && trouble->permanent;
        trouble_ = std::move(trouble);
        // Behind ourselves there are only hosts that would send it back to us.
        if (trouble_->said.status() == "5.4.6") break;
    }
}

Async<Lane::Carried> Lane::carry(const v1::LeasedMail& mail) {
    std::vector<Verdict> verdicts(static_cast<std::size_t>(mail.recipients_size()));
    Content content(parts_.smtp.loop, parts_.smtp.spool, mail);
    const auto wire = co_await prepare(*client_, mail, content, verdicts);
    const auto settled = [](const Verdict& verdict) { return verdict.settled(); };
    auto is_signed = co_await sign(content).result();
    if (!is_signed) {
        log_warn("not signed", {{"queue_id", mail.queue_id()}, {"why", is_signed.error().text}, {"detail", is_signed.error().detail}});
        for (auto& verdict : verdicts)
            if (!verdict.settled()) verdict = deferred(said_ours("4.7.0", is_signed.error().text, Step::mail));
    }
    co_await transact(mail, wire, content, verdicts);
    const bool all = std::all_of(verdicts.begin(), verdicts.end(), settled);
    const bool any = std::any_of(verdicts.begin(), verdicts.end(), settled);
    const bool ours = co_await still_ours();
    if (!all && ours) {
        if (!any) co_return Carried::untried;
        for (auto& verdict : verdicts) {
            if (!verdict.settled() && trouble_) verdict = deferred(trouble_->said);
        }
    }
    if (any) co_await report(mail, std::move(verdicts));
    co_return !all && !ours ? Carried::lost : Carried::done;
}

// With the keys of its author's domain, in the form in which it goes to this server.
Async<void> Lane::sign(Content& content) {
    DkimSigner signer(parts_.smtp.spool, lease_.dkim(), dkim_times(parts_.smtp.clock.now_ms() / 1000, parts_.dkim_expire_days));
    if (!signer.needed()) co_return;
    content.begin();
    std::string piece;
    for (;;) {
        const bool more = co_await content.next(piece);
        if (!more) break;
        signer.push(piece);
    }
    auto lines = co_await signer.finish();
    content.set_signature(std::move(lines));
}

Async<void> Lane::transact(const v1::LeasedMail& mail, const Wire& wire, Content& content, std::vector<Verdict>& verdicts) {
    const Gate gate = [this] { return still_ours(); };
    auto most = kRecipientsAtOnce;
    if (client_->extensions().recipients_max > 0) most = std::min(most, client_->extensions().recipients_max);
    for (int round = 0; round < kTransactionsMax && client_->alive() && !lost_; ++round) {
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < verdicts.size() && places.size() < most; ++i) {
            if (!verdicts[i].settled()) places.push_back(i);
        }
        if (places.empty()) co_return;
        Transaction transaction(*client_, mail, wire, verdicts);
        co_await transaction.run(std::move(places), content, gate);
        // Some went: those who were too many have their turn now (RFC 5321 §4.5.3.1.10).
        if (transaction.delivered_any())
            for (const auto place : transaction.too_many()) verdicts[place] = {};
        if (transaction.why_lost()) {
            trouble_ = Trouble{false, *transaction.why_lost()};
            all_permanent_ = false;
        }
    }
}

Async<void> Lane::refuse(v1::Said said) {
    for (; next_mail_ < static_cast<std::size_t>(lease_.mails_size()); ++next_mail_) {
        const auto& mail = lease_.mails(static_cast<int>(next_mail_));
        co_await report(mail, std::vector<Verdict>(static_cast<std::size_t>(mail.recipients_size()), failed(said)));
    }
}

// What can't wait any longer fails with what keeps the destination from answering.
Async<void> Lane::fail_last_tries() {
    for (auto i = static_cast<int>(next_mail_); i < lease_.mails_size(); ++i) {
        const auto& mail = lease_.mails(i);
        if (!mail.last_try()) continue;
        co_await report(mail, std::vector<Verdict>(static_cast<std::size_t>(mail.recipients_size()), deferred(*ending_)));
    }
}

Async<void> Lane::report(const v1::LeasedMail& mail, std::vector<Verdict> verdicts) {
    v1::ReportMail report;
    report.set_lease_id(lease_.lease_id());
    report.set_queue_id(mail.queue_id());
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        auto& verdict = verdicts[i];
        if (!verdict.settled()) continue;
        if (mail.last_try()) give_up(verdict, route_.max_age_s() > 0 ? route_.max_age_s() : parts_.max_age_s);
        const auto& recipient = mail.recipients(static_cast<int>(i));
        const bool good = verdict.outcome == v1::CARRY_OUTCOME_DELIVERED || verdict.outcome == v1::CARRY_OUTCOME_RELAYED;
        const bool later = verdict.outcome == v1::CARRY_OUTCOME_DEFERRED;
        if (good) parts_.counters.delivered.add();
        else (later ? parts_.counters.deferred : parts_.counters.failed).add();
        log_info(good ? "sent" : later ? "deferred" : "failed",
                 {{"id", mail.trace_id()}, {"queue_id", mail.queue_id()}, {"to", recipient.address()},
                  {"host", verdict.said.host()}, {"address", verdict.said.address()}, {"stage", verdict.said.stage()},
                  {"code", verdict.said.code()}, {"status", verdict.said.status()}, {"text", verdict.said.text()}});
        // Here mail reaches its mailbox, not another server.
        if (route_.kind() != v1::Route::KIND_LOCAL || !good) parts_.hooks.settled(mail, recipient, verdict);
        auto& outcome = *report.add_outcomes();
        outcome.set_index(recipient.index());
        outcome.set_outcome(verdict.outcome);
        *outcome.mutable_said() = std::move(verdict.said);
    }
    co_await reports_.send(std::move(report));
}

}  // namespace tayori::smtp
