#include "spoold/queue/queue.h"

#include "common/base/text.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/records.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

Result<QueuedMail> decode_queued(QueueId id, const std::optional<std::string>& value) {
    if (!value) return fail(Kind::not_found, "No such mail in the queue.");
    return QueuedMail::decode(id, *value);
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
        const auto mail = QueuedMail::decode(keys::queue_id_of_key(key), value);
        if (!mail) error = mail.error();
        return mail && visit(*mail);
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<QueuedMail> Queue::get(QueueId id) const {
    const auto value = store_.get(keys::queued(id));
    if (!value) return fail(value.error());
    return decode_queued(id, *value);
}

Result<std::vector<std::string>> Queue::verify() const {
    std::vector<std::string> problems;
    const auto snapshot = store_.snapshot();
    std::uint64_t found = 0;
    const auto range = keys::all_queued();
    auto scanned = snapshot->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto id = keys::queue_id_of_key(key);
        const auto mail = QueuedMail::decode(id, value);
        if (!mail) problems.push_back(cat("queue id ", raw(id), ": the record can't be read"));
        // One that was sent meanwhile is not missing.
        else if (!store_.open_body(mail->body) && get(id)) problems.push_back(cat("queue id ", raw(id), ": its body is missing"));
        ++found;
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    const auto counted = snapshot->get(keys::kQueued);
    if (!counted) return fail(counted.error());
    if (const auto waiting = decode_number(*counted, 0); waiting != found)
        problems.push_back(cat("queue: ", found, " mails, but counted as ", waiting));
    return problems;
}

Result<QueueId> Queue::add(store::Transaction& transaction, const QueuedMail& mail) {
    const QueueId id{take_numbers(transaction, keys::kNextQueueId, 1)};
    transaction.put(keys::queued(id), mail.encode());
    const auto waiting = decode_number(transaction.get(keys::kQueued), 0);
    transaction.put(keys::kQueued, encode_number(waiting + 1));
    return id;
}

Result<QueuedMail> Queue::read(store::Transaction& transaction, QueueId id) {
    return decode_queued(id, transaction.get(keys::queued(id)));
}

void Queue::change(store::Transaction& transaction, const QueuedMail& mail) {
    transaction.put(keys::queued(mail.id), mail.encode());
}

Result<void> Queue::remove(store::Transaction& transaction, QueueId id) {
    const auto mail = read(transaction, id);
    if (!mail) return fail(mail.error());
    return remove(transaction, *mail);
}

Result<void> Queue::remove(store::Transaction& transaction, const QueuedMail& mail) {
    transaction.erase(keys::queued(mail.id));
    const auto waiting = decode_number(transaction.get(keys::kQueued), 1);
    transaction.put(keys::kQueued, encode_number(waiting - 1));
    return release_body(transaction, mail.body);
}

}  // namespace tayori::spool
