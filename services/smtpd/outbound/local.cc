#include "smtpd/outbound/local.h"

#include <utility>

#include "common/base/text.h"
#include "common/mail/received.h"
#include "common/rpc/errors.h"
#include "common/rpc/summary.h"
#include "smtpd/hooks.h"
#include "smtpd/mail_hooks.h"
#include "smtpd/outbound/content.h"
#include "smtpd/replies.h"
#include "smtpd/session.h"
#include "smtpd/text.h"

namespace tayori::smtp {
namespace {

// The same codes that a client would hear.
Verdict verdict_of(const Error& error, Stage stage) {
    const auto line = error_reply(error, stage);
    ReplyReader reader;
    reader.add(std::string_view(line).substr(0, line.find('\r')));
    return judge(reader.take(), stage == Stage::recipient ? Step::rcpt : Step::end_of_data, Dsn::offered);
}

Verdict verdict_of(const lua::Refusal& refusal) {
    const auto line = refusal_reply(refusal);
    ReplyReader reader;
    reader.add(std::string_view(line).substr(0, line.find('\r')));
    return judge(reader.take(), Step::end_of_data, Dsn::offered);
}

Async<mail::Summary> read_text(Parts& parts, const v1::LeasedMail& leased, Text& text, v1::CommitPlan& plan) {
    Content content(parts.loop, parts.spool, leased);
    std::string piece;
    content.begin();
    for (;;) {
        const bool more = co_await content.next(piece);
        if (!more) break;
        text.buffer() += piece;
        co_await text.settle();
    }
    auto summary = co_await text.finish(plan);
    co_return summary;
}

MailHooks hooks_of(const Parts& parts, const v1::LeasedMail& leased, const PlanRecipient& recipient, lua::AccountView sender) {
    MailHooks hooks;
    hooks.session.id = leased.trace_id();
    hooks.session.protocol = "smtp";
    hooks.session.helo = parts.hostname;
    hooks.session.sender = leased.reverse_path();
    hooks.session.recipients = 1;
    hooks.sender = std::move(sender);
    hooks.recipients.push_back(recipient);
    return hooks;
}

PlanEnvelope envelope_of(const Parts& parts, const v1::LeasedMail& leased, const std::string& path) {
    PlanEnvelope envelope;
    envelope.hostname = parts.hostname;
    envelope.reverse_path = leased.reverse_path();
    envelope.received = local_received(parts, leased.trace_id(), path);
    envelope.envelope_id = leased.envelope_id();
    envelope.dsn_return = leased.dsn_return();
    envelope.smtputf8 = leased.smtputf8();
    return envelope;
}

// Through the stages of mail from outside, plugins included (docs/decisions/0008). What became of a mail of the queue is told by
// spoold, so a plugin's refusal is the answer, and no notice is made here.
Async<std::optional<lua::Refusal>> commit_local(Parts& parts, const v1::LeasedMail& leased, PlanRecipient recipient,
                                                std::uint32_t index) {
    recipient.profiles = co_await target_profiles(parts.plugins, recipient.targets);
    lua::AccountView nobody;
    if (parts.plugins.anybody_has(lua::Hook::headers) || parts.plugins.anybody_has(lua::Hook::message))
        nobody.profile = co_await parts.plugins.site();
    auto hooks = hooks_of(parts, leased, recipient, std::move(nobody));
    const bool seen = want_mail(parts.plugins, hooks.sender.profile, hooks.recipients);

    v1::CommitPlan plan;
    plan.set_request_id(cat("q", leased.queue_id(), ".", index));
    plan.set_trace_id(leased.trace_id());
    plan.set_reverse_path(leased.reverse_path());
    plan.set_received_s(parts.clock.now_ms() / 1000);
    Text text(parts, Origin::queued, plan.request_id(), {});
    if (seen) text.keep_head();
    auto summary = co_await read_text(parts, leased, text, plan);
    if (mail::count_received(summary.header) > parts.hops_max)
        co_await fail(Kind::unsupported, "Too many hops: this mail is going in circles.");

    const auto envelope = envelope_of(parts, leased, recipient.path);
    PlanRecipients to(plan, envelope);
    to.add(recipient);
    std::optional<lua::Refusal> refusal;
    if (seen) {
        PluginMail mail;
        mail.hostname = envelope.hostname;
        mail.received = envelope.received;
        mail.sender = envelope.reverse_path;
        mail.smtputf8 = envelope.smtputf8;
        auto here = to.here();
        auto done = co_await run_mail_hooks(parts.plugins, std::move(hooks), std::move(here), text, plan, std::move(mail),
                                            std::move(summary));
        refusal = std::move(done.verdict.refusal);
        if (refusal) co_return refusal;
        summary = std::move(done.summary);
    }
    rpc::put_summary(std::move(summary), *plan.mutable_summary());
    const auto stored = co_await parts.spool.call(std::move(plan));
    parts.plugins.learn(stored);
    co_return refusal;
}

}  // namespace

Async<Verdict> deliver_local(Parts& parts, const v1::LeasedMail& mail, const v1::LeasedRecipient& recipient) {
    v1::Resolve resolve;
    resolve.add_recipients(recipient.address());
    resolve.set_declared_bytes(mail.prefix().size() + mail.content_bytes());
    auto resolved = co_await parts.spool.call(std::move(resolve)).result();
    if (!resolved) co_return verdict_of(resolved.error(), Stage::recipient);
    if (resolved->recipients_size() != 1)
        co_return deferred(said_ours("4.3.0", "The recipient could not be checked.", Step::rcpt));
    const auto& found = resolved->recipients(0);
    if (found.has_refused()) co_return verdict_of(rpc::from_wire(found.refused()), Stage::recipient);
    PlanRecipient one;
    one.path = recipient.address();
    one.targets.assign(found.targets().begin(), found.targets().end());
    one.original = recipient.original();
    one.notify = recipient.notify();
    auto stored = co_await commit_local(parts, mail, std::move(one), recipient.index()).result();
    if (!stored) {
        if (stored.error().kind == Kind::unsupported)
            co_return failed(said_ours("5.4.6", stored.error().text, Step::end_of_data));
        co_return verdict_of(stored.error(), Stage::message);
    }
    if (*stored) co_return verdict_of(**stored);
    auto said = said_ours("2.0.0", "Stored.", Step::end_of_data);
    said.set_host(parts.hostname);
    co_return Verdict{v1::CARRY_OUTCOME_DELIVERED, std::move(said)};
}

}  // namespace tayori::smtp
