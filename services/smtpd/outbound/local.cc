#include "smtpd/outbound/local.h"

#include <utility>

#include "common/base/text.h"
#include "common/mail/received.h"
#include "common/rpc/errors.h"
#include "common/rpc/summary.h"
#include "smtpd/outbound/content.h"
#include "smtpd/plan.h"
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

Async<mail::Summary> read_text(Parts& parts, const v1::LeasedMail& leased, v1::CommitPlan& plan) {
    Text text(parts, Origin::queued, plan.request_id(), {});
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

Async<void> commit_local(Parts& parts, const v1::LeasedMail& leased, const v1::LeasedRecipient& recipient,
                         const v1::Recipient& found) {
    v1::CommitPlan plan;
    plan.set_request_id(cat("q", leased.queue_id(), ".", recipient.index()));
    plan.set_trace_id(leased.trace_id());
    plan.set_reverse_path(leased.reverse_path());
    plan.set_received_s(parts.clock.now_ms() / 1000);
    auto summary = co_await read_text(parts, leased, plan);
    if (mail::count_received(summary.header) > parts.hops_max)
        co_await fail(Kind::unsupported, "Too many hops: this mail is going in circles.");

    PlanEnvelope envelope;
    envelope.hostname = parts.hostname;
    envelope.reverse_path = leased.reverse_path();
    envelope.received = local_received(parts, leased.trace_id(), recipient.address());
    envelope.envelope_id = leased.envelope_id();
    envelope.dsn_return = leased.dsn_return();
    envelope.smtputf8 = leased.smtputf8();
    PlanRecipients to(plan, envelope);
    PlanRecipient one;
    one.path = recipient.address();
    one.targets.assign(found.targets().begin(), found.targets().end());
    one.original = recipient.original();
    one.notify = recipient.notify();
    to.add(one);
    // Not here: what became of a mail of the queue is told by spoold.
    rpc::put_summary(std::move(summary), *plan.mutable_summary());
    co_await parts.spool.call(std::move(plan));
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
    auto stored = co_await commit_local(parts, mail, recipient, found).result();
    if (!stored) {
        if (stored.error().kind == Kind::unsupported)
            co_return failed(said_ours("5.4.6", stored.error().text, Step::end_of_data));
        co_return verdict_of(stored.error(), Stage::message);
    }
    auto said = said_ours("2.0.0", "Stored.", Step::end_of_data);
    said.set_host(parts.hostname);
    co_return Verdict{v1::CARRY_OUTCOME_DELIVERED, std::move(said)};
}

}  // namespace tayori::smtp
