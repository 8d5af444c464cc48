#include "pop3d/maildrop.h"

#include <algorithm>
#include <utility>

#include "common/rpc/mailbox_words.h"

namespace tayori::pop3 {

namespace v1 = rpc::v1;

Async<std::unique_ptr<Maildrop>> Maildrop::open(rpc::Spool& spool, rpc::Ticket ticket) {
    std::unique_ptr<Maildrop> drop(new Maildrop(spool, ticket));
    auto replies = spool.stream(v1::OpenMaildrop(), std::move(ticket));
    for (;;) {
        auto reply = co_await replies.next();
        if (!reply) break;
        if (!drop->lease_) drop->lease_ = reply->lease();
        auto& references = *reply->mutable_references();
        for (int i = 0; i < references.uid_size(); ++i) {
            Message message;
            message.uid = references.uid(i);
            message.message_id = references.message_id(i);
            message.bytes = references.bytes(i);
            message.uidl = std::move(*references.mutable_uidl(i));
            drop->messages_.push_back(std::move(message));
        }
    }
    co_return drop;
}

Maildrop::~Maildrop() {
    if (!lease_) return;
    v1::CloseMaildrop close;
    close.set_lease(*lease_);
    spool_.tell(std::move(close), ticket_);
}

std::size_t Maildrop::count() const {
    return static_cast<std::size_t>(
        std::count_if(messages_.begin(), messages_.end(), [](const Message& m) { return !m.deleted; }));
}

std::uint64_t Maildrop::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& message : messages_)
        if (!message.deleted) sum += message.bytes;
    return sum;
}

Result<const Message*> Maildrop::find(std::uint32_t number) const {
    if (number == 0 || number > messages_.size()) return fail(Kind::not_found, "No such message.");
    const auto& message = messages_[number - 1];
    if (message.deleted) return fail(Kind::not_found, "This message is deleted.");
    return &message;
}

Result<void> Maildrop::mark_deleted(std::uint32_t number) {
    return find(number).map([&](const Message*) { messages_[number - 1].deleted = true; });
}

void Maildrop::unmark_all() {
    for (auto& message : messages_) message.deleted = false;
}

void Maildrop::fetch(std::uint32_t number) {
    v1::FetchBodies request;
    const bool sequential = number == last_read_ + 1;
    std::uint64_t bytes = 0;
    std::uint32_t next = number;
    do {
        const auto& message = messages_[next - 1];
        request.add_ranges()->set_message_id(message.message_id);
        bytes += message.bytes;
        ++next;
    } while (sequential && next <= messages_.size() && next - number < kReadAheadMessagesMax &&
             bytes + messages_[next - 1].bytes <= kReadAheadBytesMax);
    chunks_.clear();
    bodies_.emplace(spool_.stream(std::move(request), ticket_));
    fetched_from_ = number;
    fetched_to_ = next;
}

void Maildrop::begin(std::uint32_t number) {
    reading_ = number;
    const bool following = ended_ && bodies_ && number == last_read_ + 1 && number < fetched_to_;
    ended_ = false;
    if (!following) fetch(number);
}

// False at the end of the stream.
Async<bool> Maildrop::receive() {
    auto reply = co_await bodies_->next();
    if (!reply) co_return false;
    for (auto& chunk : *reply->mutable_chunks()) chunks_.push_back(std::move(chunk));
    co_return true;
}

Async<std::optional<std::string>> Maildrop::piece() {
    if (ended_) co_return std::optional<std::string>();
    while (chunks_.empty()) {
        const bool more = co_await receive();
        if (!more) co_await fail(Kind::busy, "The message could not be read to its end.");
    }
    auto chunk = std::move(chunks_.front());
    chunks_.pop_front();
    if (fetched_from_ + chunk.index() != reading_) co_await fail(Kind::internal, "Messages came in a wrong order.");
    if (chunk.gone()) co_await fail(Kind::not_found, "This message is gone.");
    if (chunk.last()) {
        ended_ = true;
        last_read_ = reading_;
    }
    co_return std::optional<std::string>(std::move(*chunk.mutable_data()));
}

Async<void> Maildrop::commit(std::optional<v1::RemovedMail> what) {
    v1::CloseMaildrop close;
    close.set_lease(*lease_);
    if (what) *close.mutable_removed_mail() = std::move(*what);
    for (const auto& message : messages_) {
        if (message.deleted) rpc::add_uid(*close.mutable_remove(), message.uid);
    }
    lease_.reset();  // however it ends: a lost reply must not be followed by a second close
    co_await spool_.call(std::move(close), ticket_);
}

}  // namespace tayori::pop3
