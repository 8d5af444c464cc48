// Calls: from add() through send() to receive_reply(). The connection itself is in
// core_connection.cc.
#include "common/rpc/core.h"

#include "common/rpc/errors.h"
#include "common/rpc/limits.h"

namespace tayori::rpc::detail {

namespace {
Error unavailable(std::string detail) {
    return Error::make(Kind::busy, "Temporarily unavailable.", std::move(detail));
}
}  // namespace

void Core::add(Slot& slot) {
    slot.bytes = slot.call->ByteSizeLong();
    if (slot.bytes > kCallBytesMax) {
        slot.ended = true;
        slot.error = Error::make(Kind::too_big, "Too much for one command.");
        return;
    }
    if (stopped_ || slots_.size() >= options_.calls_pending_max ||
        pending_bytes_ + slot.bytes > options_.bytes_pending_max) {
        slot.ended = true;
        slot.error = unavailable(stopped_ ? "stopped" : "too many calls are pending");
        return;
    }
    slot.seq = next_seq_++;
    slot.call->set_seq(slot.seq);
    slot.final_deadline = loop_.in(slot.timeout);
    slot.deadline = slot.final_deadline;
    slots_.emplace(slot.seq, &slot);
    pending_bytes_ += slot.bytes;
    if (healthy_)
        send(slot);
    else
        slot.deadline = std::min(slot.deadline, loop_.in(options_.patience));
    arm_sweep();
}

void Core::send(Slot& slot) {
    slot.sent = true;
    slot.deadline = slot.final_deadline;
    if (slot.repeated || !is_repeatable(*slot.call)) {
        wire(slot.channel)->send(std::move(slot.call));
    } else {
        wire(slot.channel)->send(std::make_unique<v1::Call>(*slot.call));
    }
}

void Core::finish(Slot& slot, std::optional<Error> error) {
    slots_.erase(slot.seq);
    pending_bytes_ -= slot.bytes;
    slot.call.reset();
    slot.ended = true;
    slot.error = std::move(error);
    if (auto waiter = std::exchange(slot.waiter, nullptr)) waiter.resume();
}

void Core::drop(Slot& slot) {
    // Also when spoold has said everything already: a maildrop's lease that nobody will use is
    // freed by it.
    if (!slot.end_seen) cancel(slot);
    if (slots_.erase(slot.seq) != 0) pending_bytes_ -= slot.bytes;
}

void Core::cancel(const Slot& slot) {
    if (slot.answer == Answer::one || !slot.sent || !healthy_) return;
    auto call = std::make_unique<v1::Call>();
    call->set_seq(slot.seq);
    call->set_cancel(true);
    wire(slot.channel)->send(std::move(call));
}

void Core::give_credit(Slot& slot, std::size_t bytes) {
    slot.credit_owed += bytes;
    if (slot.ended || !healthy_ || slot.credit_owed < kCreditBatch) return;
    v1::Credit credit;
    credit.set_seq(slot.seq);
    credit.set_bytes(std::exchange(slot.credit_owed, 0));
    wire(slot.channel)->send(std::move(credit));
}

void Core::tell(std::unique_ptr<v1::Call> call, Channel channel) {
    if (!healthy_) return;
    call->set_seq(next_seq_++);
    wire(channel)->send(std::move(call));
}

void Core::receive_reply(std::unique_ptr<v1::Reply> reply) {
    auto found = slots_.find(reply->seq());
    if (found == slots_.end()) return;  // given up meanwhile
    Slot& slot = *found->second;
    if (reply->has_error()) return finish(slot, from_wire(reply->error()));
    const bool more = reply->more();
    // The last of many may be empty: it only says that it is the last.
    if (reply->response_case() != v1::Reply::RESPONSE_NOT_SET)
        slot.replies.push_back(std::move(reply));
    if (!more) return finish(slot, std::nullopt);
    slot.deadline = loop_.in(slot.timeout);
    if (auto waiter = std::exchange(slot.waiter, nullptr)) waiter.resume();
}

void Core::dispatch(const v1::FolderEvent& event) {
    auto found = handlers_.find(event.folder_id());
    if (found == handlers_.end()) return;
    // A handler may end its own or another's subscription, or make new ones.
    std::vector<Handler> handlers = found->second;
    for (auto& handler : handlers) {
        auto now = handlers_.find(event.folder_id());
        if (now == handlers_.end()) return;
        const bool lives = std::any_of(now->second.begin(), now->second.end(),
                                       [&](const Handler& h) { return h.id == handler.id; });
        if (lives) (*handler.call)(event);
    }
}

Subscription Core::subscribe(std::uint64_t folder_id, FolderHandler handler) {
    Subscription subscription;
    subscription.core_ = weak_from_this();
    subscription.folder_id_ = folder_id;
    subscription.id_ = next_handler_++;
    handlers_[folder_id].push_back(
        {subscription.id_, std::make_shared<FolderHandler>(std::move(handler))});
    return subscription;
}

void Core::unsubscribe(std::uint64_t folder_id, std::uint64_t id) {
    auto found = handlers_.find(folder_id);
    if (found == handlers_.end()) return;
    std::erase_if(found->second, [id](const Handler& h) { return h.id == id; });
    if (!found->second.empty()) return;
    handlers_.erase(found);
    auto call = std::make_unique<v1::Call>();
    call->mutable_close_folder()->set_folder_id(folder_id);
    tell(std::move(call), Channel::control);
}

void Core::arm_sweep() {
    if (sweep_.armed() || slots_.empty() || stopped_) return;
    sweep_.start_in(kSweepInterval, [this] { sweep(); });
}

void Core::sweep() {
    const auto now = loop_.now();
    std::vector<std::uint64_t> late;
    for (auto& [seq, slot] : slots_) {
        if (slot->deadline <= now && (slot->waiter || slot->answer == Answer::one))
            late.push_back(seq);
    }
    for (auto seq : late) {
        auto found = slots_.find(seq);
        if (found == slots_.end()) continue;  // given up by one that was woken before
        Slot& slot = *found->second;
        const bool sent = slot.sent;
        cancel(slot);
        finish(slot,
               unavailable(sent ? "no reply from spoold in time" : "no connection to spoold"));
    }
    arm_sweep();
}

void Core::fail_or_keep(const Error& error) {
    std::vector<std::uint64_t> all;
    all.reserve(slots_.size());
    for (auto& [seq, slot] : slots_) all.push_back(seq);
    for (auto seq : all) {
        auto found = slots_.find(seq);
        if (found == slots_.end()) continue;
        Slot& slot = *found->second;
        if (!slot.sent) continue;
        if (slot.call != nullptr && !slot.repeated) {
            slot.sent = false;
            slot.repeated = true;
            continue;
        }
        finish(slot, error);
    }
}

}  // namespace tayori::rpc::detail
