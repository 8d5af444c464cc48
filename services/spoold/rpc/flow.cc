#include "spoold/rpc/flow.h"

#include <algorithm>
#include <exception>

namespace tayori::spool {

Flow::Flow(Workers& readers, Call call, std::function<Result<Next>()> open, OnEnd on_end)
    : readers_(readers),
      call_(std::move(call)),
      open_(std::move(open)),
      on_end_(std::move(on_end)) {}

void Flow::start(Workers& readers, Call call, std::function<Result<Next>()> open, OnEnd on_end) {
    auto& session = call->session();
    const auto seq = call->seq();
    std::shared_ptr<Flow> flow(
        new Flow(readers, std::move(call), std::move(open), std::move(on_end)));
    if (!session.add_flow(seq, flow)) {
        flow->call_->refuse(
            Error::make(Kind::busy, "Temporarily unavailable.", "too many bulk answers"));
        return;
    }
    std::lock_guard lock(flow->mutex_);
    flow->schedule();
}

void Flow::schedule() {
    if (busy_ || ended_ || (credit_ <= 0 && !cancelled_)) return;
    busy_ = true;
    readers_.post([self = shared_from_this()] { self->run(); });
}

void Flow::add_credit(std::uint64_t bytes) {
    std::lock_guard lock(mutex_);
    // More than a call can ever use is no more than that; so the sum can't overflow.
    credit_ = std::min<std::int64_t>(
        credit_ + static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, 1u << 30)),
        std::int64_t{1} << 40);
    schedule();
}

void Flow::resume() {
    std::lock_guard lock(mutex_);
    schedule();
}

void Flow::cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    schedule();  // the end happens on a reader's thread, after a piece that is being made
}

void Flow::run() {
    bool cancelled = false;
    {
        std::lock_guard lock(mutex_);
        if (ended_) return;
        cancelled = cancelled_;
        if (!cancelled && call_->session().is_full(shared_from_this())) {
            busy_ = false;  // the session resumes it
            return;
        }
    }
    if (cancelled) {
        call_->abandon();
        return end(End::broken);
    }
    auto reply = std::make_unique<v1::Reply>();
    auto more = make_piece(*reply);
    if (!more) {
        call_->refuse(more.error());
        return end(End::broken);
    }
    if (!*more) {
        call_->reply(std::move(reply));
        return end(End::complete);
    }
    reply->set_seq(call_->seq());
    reply->set_more(true);
    const auto bytes = static_cast<std::int64_t>(reply->ByteSizeLong());
    call_->session().push(std::move(reply), Session::Send::now);
    std::lock_guard lock(mutex_);
    credit_ -= bytes;
    busy_ = false;
    schedule();
}

Result<bool> Flow::make_piece(v1::Reply& reply) try {
    if (open_) {
        auto opened = std::exchange(open_, nullptr)();
        if (!opened) return fail(std::move(opened.error()));
        next_ = std::move(*opened);
    }
    return next_(kReplyBytesSoft, reply);
} catch (const std::exception& e) {
    return fail(Kind::internal, "Internal error.", e.what());
}

void Flow::end(End how) {
    call_->session().remove_flow(call_->seq());
    if (on_end_) std::exchange(on_end_, nullptr)(how);
    next_ = nullptr;
    std::lock_guard lock(mutex_);
    ended_ = true;
}

}  // namespace tayori::spool
