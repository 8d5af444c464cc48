// What coroutines of one loop wait on: an Event, and Tasks that own running coroutines.
// Thread: the loop's. To wake a coroutine from another thread, go through net::Loop::post().
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "common/base/async.h"

namespace tayori {

// A broadcast: every coroutine that waits when notify() is called goes on, in the order of waiting. Waiters may be
// destroyed at any time, also by each other. Nothing is remembered: check your condition, then wait.
class Event {
  public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event();

    // One registered waiter: intrusive, so that a destroyed coroutine takes itself out.
    class Waiter {
      public:
        Waiter(Event& event, std::function<void()> wake);
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        ~Waiter();

      private:
        friend class Event;
        Event* event_;
        std::function<void()> wake_;
        std::list<Waiter*>::iterator at_;
    };

    class Awaiter {
      public:
        explicit Awaiter(Event& event) : event_(event) {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> self) {
            waiter_ = std::make_unique<Waiter>(event_, [self] { self.resume(); });
        }
        void await_resume() noexcept { waiter_.reset(); }

      private:
        Event& event_;
        std::unique_ptr<Waiter> waiter_;
    };

    Awaiter wait() { return Awaiter(*this); }
    void notify();
    bool has_waiters() const { return !waiters_.empty(); }

  private:
    std::list<Waiter*> waiters_;
};

// Owns coroutines that nobody awaits: the listener's sessions. Destroying it cancels them all.
class Tasks {
  public:
    Tasks();
    Tasks(const Tasks&) = delete;
    Tasks& operator=(const Tasks&) = delete;
    ~Tasks();

    // Starts the coroutine; `done` is called with its outcome when it ends (not when it is cancelled).
    void spawn(Async<void> task, std::function<void(Result<void>)> done = {});
    std::size_t size() const { return tasks_.size(); }

  private:
    struct Task;
    std::list<std::unique_ptr<Task>> tasks_;
};

}  // namespace tayori
