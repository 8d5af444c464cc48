#include "spoold/queue/queue.h"

#include <optional>

#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/codec.h"
#include "spoold/mailbox/records.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

constexpr std::uint8_t kVersion = 1;

std::string encode(const QueuedMail& mail) {
    std::string out(1, static_cast<char>(kVersion));
    put_varint(out, raw(mail.sender));
    put_bytes(out, mail.reverse_path);
    put_varint(out, mail.recipients.size());
    for (const auto& recipient : mail.recipients) put_bytes(out, recipient);
    put_bytes(out, mail.prefix);
    put_varint(out, static_cast<std::uint64_t>(mail.body));
    put_varint(out, mail.bytes);
    put_signed(out, mail.created_ms);
    put_bytes(out, mail.trace_id);
    return out;
}

Result<QueuedMail> decode(QueueId id, std::string_view value) {
    Reader in(value);
    QueuedMail mail;
    mail.id = id;
    const auto version = in.byte();
    mail.sender = AccountId{in.varint()};
    mail.reverse_path = in.bytes();
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) mail.recipients.emplace_back(in.bytes());
    mail.prefix = in.bytes();
    mail.body = store::BodyId{in.varint()};
    mail.bytes = in.varint();
    mail.created_ms = in.signed_varint();
    mail.trace_id = in.bytes();
    if (!in.ok() || version != kVersion) return fail(corrupt_record("queued mail"));
    return mail;
}

}  // namespace

Result<QueueCounts> Queue::counts() const {
    const auto waiting = store_.get(keys::kQueued);
    if (!waiting) return fail(waiting.error());
    const auto next = store_.get(keys::kNextQueueId);
    if (!next) return fail(next.error());
    return QueueCounts{decode_number(*waiting, 0), decode_number(*next, 1)};
}

Result<void> Queue::list(const std::function<bool(const QueuedMail&)>& visit) const {
    const auto range = keys::all_queued();
    std::optional<Error> error;
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto mail = decode(keys::queue_id_of_key(key), value);
        if (!mail) error = mail.error();
        return mail && visit(*mail);
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<QueueId> Queue::add(store::Transaction& transaction, const QueuedMail& mail) {
    const QueueId id{take_numbers(transaction, keys::kNextQueueId, 1)};
    transaction.put(keys::queued(id), encode(mail));
    const auto waiting = decode_number(transaction.get(keys::kQueued), 0);
    transaction.put(keys::kQueued, encode_number(waiting + 1));
    return id;
}

Result<void> Queue::remove(store::Transaction& transaction, QueueId id) {
    const auto value = transaction.get(keys::queued(id));
    if (!value) return fail(Kind::not_found, "No such mail in the queue.");
    const auto mail = decode(id, *value);
    if (!mail) return fail(mail.error());
    transaction.erase(keys::queued(id));
    const auto waiting = decode_number(transaction.get(keys::kQueued), 1);
    transaction.put(keys::kQueued, encode_number(waiting - 1));
    return release_body(transaction, mail->body);
}

}  // namespace tayori::spool
