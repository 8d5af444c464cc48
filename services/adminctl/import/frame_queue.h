// Frames between the thread that makes them and the one that sends them: a few at most, so that memory stays small.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "tayori/spool/v1/import.pb.h"

namespace tayori::admin {

inline constexpr std::size_t kFramesMax = 6;

class FrameQueue {
  public:
    using Frame = std::unique_ptr<tayori::spool::v1::ImportFrame>;

    // False: nobody takes any more.
    bool push(Frame frame) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return closed_ || frames_.size() < kFramesMax; });
        if (closed_) return false;
        frames_.push_back(std::move(frame));
        changed_.notify_all();
        return true;
    }
    // Nothing: it was the last one.
    Frame pop() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return closed_ || ended_ || !frames_.empty(); });
        if (closed_ || frames_.empty()) return nullptr;
        auto frame = std::move(frames_.front());
        frames_.pop_front();
        changed_.notify_all();
        return frame;
    }
    void end() { set(ended_); }     // no more will come
    void close() { set(closed_); }  // no more are wanted

  private:
    void set(bool& what) {
        const std::lock_guard lock(mutex_);
        what = true;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Frame> frames_;
    bool ended_ = false;
    bool closed_ = false;
};

}  // namespace tayori::admin
