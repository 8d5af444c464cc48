#include "common/rpc/wire.h"

#include <chrono>
#include <thread>

#include "common/rpc/limits.h"

namespace tayori::rpc::detail {

Wire::Wire(std::shared_ptr<grpc::Channel> channel, std::function<void()> bell)
    : channel_(std::move(channel)),
      stub_(v1::SpoolStream::NewStub(channel_)),
      bell_(std::move(bell)) {}

std::unique_ptr<Wire> Wire::open(std::shared_ptr<grpc::Channel> channel, const v1::Hello& hello,
                                 std::function<void()> bell) {
    std::unique_ptr<Wire> wire(new Wire(std::move(channel), std::move(bell)));
    *wire->frame_out_.mutable_hello() = hello;
    wire->frame_in_ = std::make_unique<v1::ServerFrame>();
    wire->stub_->async()->Open(&wire->context_, wire.get());
    wire->AddHold();
    wire->StartWrite(&wire->frame_out_);
    wire->StartRead(wire->frame_in_.get());
    wire->StartCall();
    return wire;
}

void Wire::send(std::unique_ptr<v1::Call> call) { gathered_.push_back(std::move(call)); }

void Wire::send(v1::Credit credit) { gathered_credits_.push_back(std::move(credit)); }

void Wire::flush() {
    if (gathered_.empty() && gathered_credits_.empty()) return;
    std::lock_guard lock(mutex_);
    for (auto& call : gathered_) calls_.push_back(std::move(call));
    for (auto& credit : gathered_credits_) credits_.push_back(std::move(credit));
    gathered_.clear();
    gathered_credits_.clear();
    if (writing_ || closed_ || !fill_frame()) return;
    writing_ = true;
    StartWrite(&frame_out_);
}

bool Wire::fill_frame() {
    frame_out_.Clear();
    for (auto& credit : credits_) frame_out_.mutable_credits()->Add(std::move(credit));
    credits_.clear();
    std::size_t bytes = 0;
    while (!calls_.empty() && bytes < kFrameBytesSoft && frame_out_.calls_size() < kFrameCallsMax) {
        bytes += calls_.front()->ByteSizeLong();
        frame_out_.mutable_calls()->AddAllocated(calls_.front().release());
        calls_.pop_front();
    }
    return frame_out_.calls_size() != 0 || frame_out_.credits_size() != 0;
}

std::vector<std::unique_ptr<v1::ServerFrame>> Wire::drain() {
    std::vector<std::unique_ptr<v1::ServerFrame>> frames;
    std::lock_guard lock(mutex_);
    frames.swap(received_);
    received_bytes_ = 0;
    rung_ = false;
    if (paused_ && !closed_) {
        paused_ = false;
        frame_in_ = std::make_unique<v1::ServerFrame>();
        StartRead(frame_in_.get());
    }
    return frames;
}

bool Wire::done() const {
    std::lock_guard lock(mutex_);
    return done_ && received_.empty();
}

grpc::Status Wire::status() const {
    std::lock_guard lock(mutex_);
    return status_;
}

void Wire::close() {
    context_.TryCancel();
    std::lock_guard lock(mutex_);
    // A paused stream has no read that could fail and give the hold back.
    if (paused_ && !closed_) {
        closed_ = true;
        RemoveHold();
    }
}

void Wire::wait_free() {
    // Between OnDone's beginning and its end lie microseconds, and before it the cancelled call's
    // way through gRPC.
    while (!is_free()) std::this_thread::sleep_for(std::chrono::microseconds(50));
}

void Wire::ring(std::unique_lock<std::mutex> lock) {
    if (rung_) return;
    rung_ = true;
    lock.unlock();
    bell_();
}

void Wire::OnReadDone(bool ok) {
    std::unique_lock lock(mutex_);
    if (!ok) {
        closed_ = true;
        lock.unlock();
        RemoveHold();
        return;
    }
    received_bytes_ += frame_in_->ByteSizeLong();
    received_.push_back(std::move(frame_in_));
    if (received_bytes_ < kReadAheadMax) {
        frame_in_ = std::make_unique<v1::ServerFrame>();
        StartRead(frame_in_.get());
    } else {
        paused_ = true;
    }
    ring(std::move(lock));
}

void Wire::OnWriteDone(bool ok) {
    std::lock_guard lock(mutex_);
    if (!ok || closed_ || !fill_frame()) {
        // A failed write means a broken stream: its read fails too and ends everything. Until then
        // nothing is written.
        writing_ = !ok;
        return;
    }
    StartWrite(&frame_out_);
}

void Wire::OnDone(const grpc::Status& status) {
    {
        std::lock_guard lock(mutex_);
        status_ = status;
        done_ = true;
        bell_();
    }
    free_.store(true, std::memory_order_release);  // the owner may destroy us from here on
}

}  // namespace tayori::rpc::detail
