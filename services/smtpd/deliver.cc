#include "smtpd/deliver.h"

#include <string_view>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/received.h"
#include "common/rpc/summary.h"
#include "smtpd/hooks.h"
#include "smtpd/mail_hooks.h"
#include "smtpd/notice.h"

namespace tayori::smtp {
namespace {

namespace v1 = rpc::v1;

// "ESMTPSA" and the like (RFC 3848, RFC 6531 §4.3).
std::string with_protocol(Session& session) {
    std::string with;
    if (session.is_lmtp()) with = session.envelope().smtputf8 ? "UTF8LMTP" : "LMTP";
    else if (session.envelope().smtputf8) with = "UTF8SMTP";
    else with = session.esmtp() ? "ESMTP" : "SMTP";
    if (!session.esmtp()) return with;
    if (session.conn().is_tls()) with += 'S';
    if (session.login()) with += 'A';
    return with;
}

std::string received_line(Session& session, const std::string& id, const std::string& only_recipient) {
    const auto peer = session.peer_ip();
    const auto with = with_protocol(session);
    std::string tls;
    if (session.conn().is_tls()) {
        const auto info = session.conn().tls_info();
        tls = cat(info.version, " ", info.cipher);
    }
    mail::Received line;
    line.helo = session.helo();
    line.peer_address = peer;
    line.by = session.parts().hostname;
    line.with = with;
    line.tls = tls;
    line.id = id;
    line.for_path = only_recipient;
    line.date = {session.parts().clock.now_ms() / 1000, 0};
    return mail::received_field(line);
}

PlanEnvelope plan_envelope(Session& session, const std::string& id) {
    const auto& envelope = session.envelope();
    const std::string only = envelope.recipients.size() == 1 ? envelope.recipients[0].path : std::string();
    PlanEnvelope of_plan;
    of_plan.hostname = session.parts().hostname;
    of_plan.reverse_path = envelope.reverse_path;
    of_plan.received = received_line(session, id, only);
    if (session.login()) of_plan.account_id = session.login()->account_id;
    of_plan.envelope_id = envelope.envelope_id;
    of_plan.dsn_return = envelope.dsn_return;
    of_plan.smtputf8 = envelope.smtputf8;
    return of_plan;
}

PluginMail plugin_mail(Session& session, const PlanEnvelope& envelope) {
    PluginMail mail;
    mail.hostname = envelope.hostname;
    mail.received = envelope.received;
    mail.sender = envelope.reverse_path;
    mail.account_id = envelope.account_id;
    if (session.login()) mail.address = session.login()->address;
    mail.smtputf8 = envelope.smtputf8;
    return mail;
}


// Its recipients, which the envelope is done with, and what plugins make of them; the answer where they refuse. The summary goes into
// the plan.
Async<std::optional<lua::Refusal>> fill_plan(Session& session, Text& text, mail::Summary summary, v1::CommitPlan& plan) {
    auto& envelope = session.envelope();
    const auto of_plan = plan_envelope(session, plan.trace_id());
    PlanRecipients recipients(plan, of_plan);
    for (const auto& recipient : envelope.recipients) recipients.add(recipient);
    Told told;
    told.arrived = recipients.told_of_success();
    std::optional<lua::Refusal> refusal;

    auto decisions = session.decisions();
    for (auto& decision : envelope.decisions) decisions.push_back(std::move(decision));
    if (want_mail_now(session.parts().plugins, session.who().profile, envelope.recipients, text.bytes())) {
        MailHooks hooks{session_view(session), session.who(), std::move(envelope.recipients), std::move(decisions)};
        auto mail = plugin_mail(session, of_plan);
        auto here = recipients.here();
        auto done = co_await run_mail_hooks(session.parts().plugins, std::move(hooks), std::move(here), text, plan, std::move(mail),
                                            std::move(summary));
        summary = std::move(done.summary);
        refusal = std::move(done.verdict.refusal);
        if (refusal) co_return refusal;
        if (done.verdict.discarded) told.arrived.clear();
        told.refused = std::move(done.verdict.refused);
        for (const auto& refused : told.refused)
            std::erase_if(told.arrived, [&refused](const PlanRecipient& one) { return one.path == refused.path; });
    } else if (!decisions.empty()) {
        PluginPlan effects(plan, plugin_mail(session, of_plan));
        for (const auto& decision : decisions) effects.add(decision);
    }
    add_notice(session.parts(), of_plan, told, summary.header, plan);
    rpc::put_summary(std::move(summary), *plan.mutable_summary());
    co_return refusal;
}

}  // namespace

std::unique_ptr<Text> make_text(Session& session) {
    auto& parts = session.parts();
    const auto origin = session.is_submission() ? Origin::submitted : Origin::relayed;
    auto text = std::make_unique<Text>(parts, origin, hex_encode(crypto::random_bytes(8)),
                                       domain_of(session.envelope().reverse_path, parts.hostname));
    if (want_mail(parts.plugins, session.who().profile, session.envelope().recipients)) text->keep_head();
    return text;
}

Async<void> deliver(Session& session, std::unique_ptr<Text> text) {
    auto& parts = session.parts();
    if (text->too_big()) {
        session.reset_envelope();
        co_await session.reply(552, "5.3.4", cat("Message too big: at most ", parts.message_bytes_max, " octets."));
        co_return;
    }
    v1::CommitPlan plan;
    const auto id = hex_encode(crypto::random_bytes(8));
    plan.set_request_id(id);
    plan.set_trace_id(id);
    plan.set_reverse_path(session.envelope().reverse_path);
    plan.set_client(session.peer_ip());
    plan.set_received_s(parts.clock.now_ms() / 1000);
    const auto bytes = text->bytes();
    auto summary = co_await text->finish(plan).result();
    if (!summary) {
        session.reset_envelope();
        co_await fail(std::move(summary.error()));
    }
    if (mail::count_received(summary->header) > parts.hops_max) {
        session.reset_envelope();
        co_await session.reply(554, "5.4.6", "Too many hops: this mail is going in circles.");
        co_return;
    }
    const auto recipients = session.envelope().recipients.size();
    auto refusal = co_await fill_plan(session, *text, std::move(*summary), plan).result();
    session.reset_envelope();
    if (!refusal) co_await fail(std::move(refusal.error()));
    if (*refusal) {
        log_info("refused by a plugin", {{"id", id}, {"session", session.id()}, {"code", (*refusal)->code}, {"text", (*refusal)->text}});
        co_await session.reply(**refusal);
        co_return;
    }

    auto stored = co_await parts.spool.call(std::move(plan)).result();
    if (!stored) {
        parts.recipients.clear();
        co_await fail(std::move(stored.error()));
    }
    parts.plugins.learn(*stored);
    log_info("received", {{"id", id}, {"session", session.id()}, {"from", session.peer_ip()},
                          {"bytes", bytes}, {"recipients", recipients}});
    co_await session.reply(250, "2.0.0", cat("Stored as ", id, "."));
}

}  // namespace tayori::smtp
