// The end of a worker, as those see it who wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tayori::admin {

class Stop {
  public:
    void set() {
        {
            const std::lock_guard lock(mutex_);
            set_ = true;
        }
        changed_.notify_all();
    }
    bool is_set() const {
        const std::lock_guard lock(mutex_);
        return set_;
    }
    // True: it is set; false: the time is over.
    bool wait_for(std::chrono::milliseconds time) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, time, [this] { return set_; });
    }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool set_ = false;
};

}  // namespace tayori::admin
