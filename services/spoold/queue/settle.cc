#include "spoold/queue/settle.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/queue/trace.h"

namespace tayori::spool {
namespace {

using What = Fate::What;

constexpr std::int64_t kSettleSecondMs = 1000;

bool is_failure(What what) { return what == What::failed || what == What::expired || what == What::cancelled; }

v1::TraceEvent::Kind trace_kind(What what) {
    switch (what) {
        case What::delivered: return v1::TraceEvent::KIND_DELIVERED;
        case What::relayed: return v1::TraceEvent::KIND_RELAYED;
        case What::deferred: return v1::TraceEvent::KIND_DEFERRED;
        case What::failed:
        case What::expired: return v1::TraceEvent::KIND_FAILED;
        case What::cancelled: return v1::TraceEvent::KIND_CANCELLED;
        case What::delayed: return v1::TraceEvent::KIND_NOTIFIED;
    }
    return v1::TraceEvent::KIND_UNSPECIFIED;
}

mail::DsnAction action_of(What what) {
    if (what == What::delivered) return mail::DsnAction::delivered;
    if (what == What::relayed) return mail::DsnAction::relayed;
    return what == What::delayed ? mail::DsnAction::delayed : mail::DsnAction::failed;
}

class SettleTx {
  public:
    SettleTx(store::Transaction& tx, const Settlement& settlement, Settled& settled)
        : tx_(tx), in_(settlement), out_(settled), now_ms_(tx.now_ms()) {}

    Result<void> run() {
        auto mail = Queue::read(tx_, in_.id);
        if (!mail && mail.error().kind == Kind::not_found) return {};
        if (!mail) return fail(std::move(mail.error()));
        out_.known = true;
        out_.mail = std::move(*mail);
        for (const auto& fate : in_.fates) {
            if (fate.index >= out_.mail.recipients.size()) continue;
            take(fate, out_.mail.recipients[fate.index]);
        }
        if (auto noticed = notify(); !noticed) return noticed;
        trace();
        out_.gone = out_.mail.is_settled();
        if (out_.gone) return Queue::remove(tx_, out_.mail);
        Queue::change(tx_, out_.mail);
        return {};
    }

  private:
    struct Told {  // for traces, and perhaps for the sender
        What what;
        std::uint32_t index;
        const v1::Said* said;
        bool notice;
    };

    void take(const Fate& fate, QueuedRecipient& recipient) {
        if (recipient.is_settled()) return;
        auto what = fate.what;
        if (what == What::delayed) {
            if (!out_.mail.delay_told && wants_notice(out_.mail, recipient, fate)) told_.push_back({what, fate.index, &fate.said, true});
            return;
        }
        const bool tried = what != What::cancelled && what != What::expired;
        if (tried) {
            ++recipient.tries;
            recipient.last_try_ms = now_ms_;
        }
        if (fate.said.ByteSizeLong() > 0) recipient.said = fate.said.SerializeAsString();
        // What can't be delivered now that its time is over has failed.
        if (what == What::deferred && in_.rules.is_over(out_.mail.created_ms, now_ms_)) what = What::expired;
        if (what == What::deferred) {
            recipient.next_try_ms = now_ms_ + retry_delay_ms(in_.rules, recipient.tries, in_.seed + fate.index);
            ++out_.deferred;
        } else {
            recipient.state = is_failure(what) ? RecipientState::failed
                              : what == What::relayed ? RecipientState::relayed
                                                      : RecipientState::delivered;
            if (is_failure(what)) ++out_.failed;
            else ++out_.delivered;
        }
        auto became = fate;
        became.what = what;
        told_.push_back({what, fate.index, &fate.said, wants_notice(out_.mail, recipient, became)});
    }

    // One notification for all that this mutation has to tell.
    Result<void> notify() {
        mail::Dsn dsn;
        for (const auto& told : told_) {
            if (told.notice) dsn.recipients.push_back(status_of(told));
            if (told.what == What::delayed) out_.mail.delay_told = true;
        }
        if (dsn.recipients.empty()) return {};
        const auto number = cat(raw(in_.id), ".", in_.seed % kNumberMax);
        dsn.reporting_mta = in_.notices.hostname;
        dsn.from = in_.notice_from;
        dsn.to = out_.mail.reverse_path;
        dsn.message_id = cat("dsn.", number, ".", now_ms_, "@", in_.notices.hostname);
        dsn.boundary = cat("=_tayori_", number, "_", now_ms_);
        dsn.envelope_id = out_.mail.envelope_id;
        dsn.date_s = now_ms_ / kSettleSecondMs;
        dsn.arrived_s = out_.mail.created_ms / kSettleSecondMs;
        dsn.language = in_.notices.language;
        dsn.original = in_.original;
        dsn.full = in_.original_full;
        QueuedMail notice;
        notice.recipients.emplace_back().address = out_.mail.reverse_path;
        notice.created_ms = now_ms_;
        notice.trace_id = cat(out_.mail.trace_id, ".", number);
        notice.smtputf8 = out_.mail.smtputf8;
        const auto& text = out_.bodies.emplace_back(mail::make_dsn(dsn));
        notice.body = tx_.add_body(text);
        notice.bytes = text.size();
        auto id = Queue::add(tx_, notice);
        if (!id) return fail(std::move(id.error()));
        notice.id = *id;
        add_trace(tx_, queued_notice(notice, dsn.message_id));
        out_.notices.push_back(std::move(notice));
        return {};
    }

    mail::DsnRecipient status_of(const Told& told) const {
        const auto& recipient = out_.mail.recipients[told.index];
        mail::DsnRecipient status;
        status.action = action_of(told.what);
        status.address = recipient.address;
        status.original = recipient.original;
        status.expired = told.what == What::expired;
        status.last_try_s = recipient.last_try_ms / kSettleSecondMs;
        v1::Said said = *told.said;
        if (said.ByteSizeLong() == 0) said.ParseFromString(recipient.said);
        status.status = said.status();
        status.code = said.code();
        status.text = said.text();
        status.host = said.host();
        if (told.what == What::delayed) status.retry_until_s = (out_.mail.created_ms + in_.rules.max_age_ms) / kSettleSecondMs;
        return status;
    }

    TraceRecord queued_notice(const QueuedMail& notice, const std::string& message_id) const {
        TraceRecord record;
        record.kind = v1::TraceEvent::KIND_RECEIVED;
        record.trace_id = notice.trace_id;
        record.message_id = cat("<", message_id, ">");
        record.bytes = notice.bytes;
        record.queued.push_back({notice.id, {out_.mail.reverse_path}});
        record.note = cat("notification about ", out_.mail.trace_id);
        return record;
    }

    void trace() {
        // One record for all recipients that heard the same.
        std::vector<TraceRecord> records;
        for (const auto& told : told_) {
            if (told.what == What::delayed) continue;
            const auto said = told.said->SerializeAsString();
            const auto kind = trace_kind(told.what);
            auto at = std::find_if(records.begin(), records.end(), [&](const auto& r) { return r.kind == kind && r.said == said; });
            if (at == records.end()) {
                at = records.insert(records.end(), TraceRecord());
                at->kind = kind;
                at->trace_id = out_.mail.trace_id;
                at->said = said;
                if (told.what == What::expired) at->note = "its time was over";
                at->queued.push_back({in_.id, {}});
            }
            at->queued.front().recipients.push_back(out_.mail.recipients[told.index].address);
        }
        for (const auto& notice : out_.notices) {
            auto& record = records.emplace_back();
            record.kind = v1::TraceEvent::KIND_NOTIFIED;
            record.trace_id = out_.mail.trace_id;
            record.queued.push_back({notice.id, {out_.mail.reverse_path}});
            record.note = cat("as ", notice.trace_id);
        }
        for (const auto& record : records) add_trace(tx_, record);
    }

    static constexpr std::uint64_t kNumberMax = 1'000'000'007;

    store::Transaction& tx_;
    const Settlement& in_;
    Settled& out_;
    const std::int64_t now_ms_;
    std::vector<Told> told_;
};

}  // namespace

bool wants_notice(const QueuedMail& mail, const QueuedRecipient& recipient, const Fate& fate) {
    const auto what = fate.what;
    // Never about a notification (RFC 3464 §2): they would go round in circles.
    if (mail.reverse_path.empty() || what == What::deferred) return false;
    if (what == What::cancelled && !fate.tell) return false;
    if ((recipient.notify & v1::DSN_NOTIFY_NEVER) != 0) return false;
    const auto asked = [&](v1::DsnNotify bit) { return (recipient.notify & static_cast<std::uint32_t>(bit)) != 0; };
    const bool nothing_said = recipient.notify == 0;
    // A system that speaks DSN tells of success itself (RFC 3461 §5.2.1).
    if (what == What::delivered) return fate.final && asked(v1::DSN_NOTIFY_SUCCESS);
    if (what == What::relayed) return asked(v1::DSN_NOTIFY_SUCCESS);
    // Where nothing was said, failures are told; delays may be (RFC 3461 §4.1).
    if (what == What::delayed) return nothing_said || asked(v1::DSN_NOTIFY_DELAY);
    return nothing_said || asked(v1::DSN_NOTIFY_FAILURE);
}

Result<void> apply(store::Transaction& transaction, const Settlement& settlement, Settled& settled) {
    settled = Settled();
    return SettleTx(transaction, settlement, settled).run();
}

}  // namespace tayori::spool
