// The event loop of a process, its clock, its timers and its doors for other threads.
// Thread: everything belongs to the thread that calls run(), except post() and stop(), which any thread may call.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "common/base/async.h"
#include "common/base/sync.h"

struct uv_loop_s;

namespace tayori::net {

// Deadlines are points of the monotonic clock. The loop's now() stands still within a turn of the loop.
using Deadline = std::chrono::steady_clock::time_point;
using Duration = std::chrono::milliseconds;
inline constexpr Deadline kNoDeadline = Deadline::max();

class Loop;

// Calls back once at a point of time. Cancelled by its destructor; the callback may destroy the Timer.
class Timer {
  public:
    explicit Timer(Loop& loop) : loop_(loop) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    void start(Deadline at, std::function<void()> callback);  // replaces an earlier start
    void start_in(Duration after, std::function<void()> callback);
    void cancel();
    bool armed() const { return armed_; }
    Deadline at() const { return armed_ ? at_->first.first : kNoDeadline; }

  private:
    friend class Loop;
    // Ordered by time, then by the order of starting.
    using Queue = std::map<std::pair<Deadline, std::uint64_t>, Timer*>;
    Loop& loop_;
    Queue::iterator at_;
    bool armed_ = false;
    std::function<void()> callback_;
};

class Loop {
  public:
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();  // everything that lives on the loop must be gone before

    void run();   // until stop()
    void stop();  // any thread

    Deadline now() const;
    Deadline in(Duration after) const;  // now() + after, without overflow

    // Any thread: runs `work` on the loop soon, in the order of posting. Not called any more once run() has ended.
    void post(std::function<void()> work);

    // Called once in each turn of the loop, just before it blocks: gathered writes go out here.
    void at_turn_end(std::function<void()> hook);

    // SIGTERM, SIGINT, SIGHUP …: `callback` runs on the loop for each signal, until the loop is destroyed.
    void on_signal(int signal, std::function<void()> callback);

    // co_await loop.sleep(5s);
    class Sleep {
      public:
        Sleep(Loop& loop, Deadline until) : loop_(loop), until_(until) {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> self) {
            timer_ = std::make_unique<Timer>(loop_);
            timer_->start(until_, [self] { self.resume(); });
        }
        void await_resume() const noexcept {}

      private:
        Loop& loop_;
        Deadline until_;
        std::unique_ptr<Timer> timer_;
    };
    Sleep sleep(Duration duration) { return Sleep(*this, in(duration)); }
    Sleep sleep_until(Deadline until) { return Sleep(*this, until); }

    // Waits for the event, at most until the deadline: true if it was notified.
    Async<bool> wait(Event& event, Deadline deadline);

    // For this folder only.
    uv_loop_s* raw();
    std::span<char> scratch();  // one shared read buffer; valid until the next turn or the next user

  private:
    friend class Timer;
    struct Handles;
    void fire_timers();
    void arm_timer();
    void drain_posted();

    std::unique_ptr<Handles> handles_;
    Timer::Queue timers_;
    std::uint64_t timers_started_ = 0;
};

}  // namespace tayori::net
