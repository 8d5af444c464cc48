#include "spoold/queue/mail.h"

#include <algorithm>

#include "spoold/mailbox/codec.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {
namespace {

constexpr std::uint8_t kMailVersion = 2;
constexpr std::uint8_t kFirstMailVersion = 1;

constexpr std::uint64_t kSmtpUtf8 = 1, kForward = 2, kHeld = 4, kDelayTold = 8;

std::uint64_t flags_of(const QueuedMail& mail) {
    return (mail.smtputf8 ? kSmtpUtf8 : 0) | (mail.forward ? kForward : 0) | (mail.held ? kHeld : 0) |
           (mail.delay_told ? kDelayTold : 0);
}

void put_recipient(std::string& out, const QueuedRecipient& recipient) {
    put_bytes(out, recipient.address);
    put_bytes(out, recipient.original);
    put_varint(out, recipient.notify);
    out.push_back(static_cast<char>(recipient.state));
    put_varint(out, recipient.tries);
    put_signed(out, recipient.next_try_ms);
    put_signed(out, recipient.last_try_ms);
    put_bytes(out, recipient.said);
}

QueuedRecipient read_recipient(Reader& in) {
    QueuedRecipient recipient;
    recipient.address = in.bytes();
    recipient.original = in.bytes();
    recipient.notify = in.varint32();
    const auto state = in.byte();
    recipient.state = state <= static_cast<std::uint8_t>(RecipientState::failed) ? static_cast<RecipientState>(state)
                                                                               : RecipientState::waiting;
    recipient.tries = in.varint32();
    recipient.next_try_ms = in.signed_varint();
    recipient.last_try_ms = in.signed_varint();
    recipient.said = in.bytes();
    return recipient;
}

void read_second_version(Reader& in, QueuedMail& mail) {
    mail.envelope_id = in.bytes();
    const auto dsn_return = in.varint32();
    if (v1::DsnReturn_IsValid(static_cast<int>(dsn_return))) mail.dsn_return = static_cast<v1::DsnReturn>(dsn_return);
    const auto flags = in.varint();
    mail.smtputf8 = (flags & kSmtpUtf8) != 0;
    mail.forward = (flags & kForward) != 0;
    mail.held = (flags & kHeld) != 0;
    mail.delay_told = (flags & kDelayTold) != 0;
    mail.via = in.bytes();
}

}  // namespace

bool QueuedMail::is_settled() const {
    return std::all_of(recipients.begin(), recipients.end(), [](const auto& r) { return r.is_settled(); });
}

std::string QueuedMail::encode() const {
    std::string out(1, static_cast<char>(kMailVersion));
    put_varint(out, raw(sender));
    put_bytes(out, reverse_path);
    put_varint(out, recipients.size());
    for (const auto& recipient : recipients) put_recipient(out, recipient);
    put_bytes(out, prefix);
    put_varint(out, static_cast<std::uint64_t>(body));
    put_varint(out, bytes);
    put_signed(out, created_ms);
    put_bytes(out, trace_id);
    put_bytes(out, envelope_id);
    put_varint(out, static_cast<std::uint64_t>(dsn_return));
    put_varint(out, flags_of(*this));
    put_bytes(out, via);
    return out;
}

Result<QueuedMail> QueuedMail::decode(QueueId id, std::string_view value) {
    Reader in(value);
    QueuedMail mail;
    mail.id = id;
    const auto version = in.byte();
    if (version < kFirstMailVersion || version > kMailVersion) return fail(corrupt_record("queued mail"));
    mail.sender = AccountId{in.varint()};
    mail.reverse_path = in.bytes();
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        if (version == kFirstMailVersion) mail.recipients.emplace_back().address = in.bytes();
        else mail.recipients.push_back(read_recipient(in));
    }
    mail.prefix = in.bytes();
    mail.body = store::BodyId{in.varint()};
    mail.bytes = in.varint();
    mail.created_ms = in.signed_varint();
    mail.trace_id = in.bytes();
    if (version >= kMailVersion) read_second_version(in, mail);
    if (!in.ok()) return fail(corrupt_record("queued mail"));
    return mail;
}

}  // namespace tayori::spool
