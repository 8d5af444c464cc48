#include "common/net/loop.h"

#include <uv.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <mutex>
#include <optional>
#include <vector>

namespace tayori::net {
namespace {

constexpr std::size_t kScratchBytes = 64 * 1024;

void check(int code, const char* what) {
    if (code == 0) return;
    std::fprintf(stderr, "%s: %s\n", what, uv_strerror(code));
    std::abort();  // only without memory or file descriptors at the start of a program
}

template <class H>
uv_handle_t* as_handle(H* handle) {
    return reinterpret_cast<uv_handle_t*>(handle);
}

}  // namespace

struct Loop::Handles {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_async_t wake;
    struct Signal {
        uv_signal_t handle;
        std::function<void()> callback;
    };
    std::list<Signal> signals;

    std::mutex mutex;  // guards posted and stopping
    std::vector<std::function<void()>> posted;
    bool stopping = false;

    std::optional<Deadline> armed_for;
    std::vector<std::function<void()>> turn_end_hooks;
    std::array<char, kScratchBytes> scratch;
};

Loop::Loop() : handles_(std::make_unique<Handles>()) {
    // A peer that is gone is an error of the write, never a signal; also for logs into a closed pipe.
    std::signal(SIGPIPE, SIG_IGN);
    auto& h = *handles_;
    check(uv_loop_init(&h.loop), "uv_loop_init");
    check(uv_timer_init(&h.loop, &h.timer), "uv_timer_init");
    check(uv_prepare_init(&h.loop, &h.prepare), "uv_prepare_init");
    check(uv_async_init(&h.loop, &h.wake,
                        [](uv_async_t* a) { static_cast<Loop*>(a->data)->drain_posted(); }),
          "uv_async_init");
    h.timer.data = h.prepare.data = h.wake.data = this;
    check(uv_prepare_start(&h.prepare,
                           [](uv_prepare_t* p) {
                               auto* loop = static_cast<Loop*>(p->data);
                               for (auto& hook : loop->handles_->turn_end_hooks) hook();
                               loop->arm_timer();
                           }),
          "uv_prepare_start");
}

Loop::~Loop() {
    auto& h = *handles_;
    uv_close(as_handle(&h.timer), nullptr);
    uv_close(as_handle(&h.prepare), nullptr);
    uv_close(as_handle(&h.wake), nullptr);
    for (auto& signal : h.signals) uv_close(as_handle(&signal.handle), nullptr);
    // Lets the pool's jobs end and the handles of closed connections free themselves.
    uv_run(&h.loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&h.loop), "uv_loop_close");
}

void Loop::run() {
    uv_update_time(&handles_->loop);
    {
        // Work posted before the loop ran is not lost, and neither is a stop().
        std::lock_guard lock(handles_->mutex);
        if (!handles_->posted.empty() || handles_->stopping) uv_async_send(&handles_->wake);
    }
    uv_run(&handles_->loop, UV_RUN_DEFAULT);
}

void Loop::stop() {
    std::lock_guard lock(handles_->mutex);
    handles_->stopping = true;
    uv_async_send(&handles_->wake);
}

void Loop::post(std::function<void()> work) {
    std::lock_guard lock(handles_->mutex);
    handles_->posted.push_back(std::move(work));
    uv_async_send(&handles_->wake);
}

void Loop::drain_posted() {
    std::vector<std::function<void()>> now;
    bool stopping = false;
    {
        std::lock_guard lock(handles_->mutex);
        now.swap(handles_->posted);
        stopping = std::exchange(handles_->stopping, false);
    }
    for (auto& work : now) work();
    if (stopping) uv_stop(&handles_->loop);
}

void Loop::at_turn_end(std::function<void()> hook) {
    handles_->turn_end_hooks.push_back(std::move(hook));
}

void Loop::on_signal(int signal, std::function<void()> callback) {
    auto& entry = handles_->signals.emplace_back();
    entry.callback = std::move(callback);
    check(uv_signal_init(&handles_->loop, &entry.handle), "uv_signal_init");
    entry.handle.data = &entry;
    check(uv_signal_start(
              &entry.handle,
              [](uv_signal_t* s, int) { static_cast<Handles::Signal*>(s->data)->callback(); },
              signal),
          "uv_signal_start");
}

Deadline Loop::now() const {
    // libuv's clock is the monotonic one, in milliseconds, read once per turn.
    return Deadline(Duration(static_cast<std::int64_t>(uv_now(&handles_->loop))));
}

Deadline Loop::in(Duration after) const {
    if (after >= std::chrono::duration_cast<Duration>(kNoDeadline - now())) return kNoDeadline;
    return now() + after;
}

uv_loop_s* Loop::raw() { return &handles_->loop; }
std::span<char> Loop::scratch() { return handles_->scratch; }

// Timers ---------------------------------------------------------------------------------------------------------

void Timer::start(Deadline at, std::function<void()> callback) {
    cancel();
    if (at == kNoDeadline) return;
    callback_ = std::move(callback);
    at_ = loop_.timers_.emplace(std::pair(at, ++loop_.timers_started_), this).first;
    armed_ = true;
}

void Timer::start_in(Duration after, std::function<void()> callback) {
    start(loop_.in(after), std::move(callback));
}

void Timer::cancel() {
    if (!armed_) return;
    armed_ = false;
    callback_ = nullptr;
    loop_.timers_.erase(at_);
}

// Runs before each block of the loop, so timers that were started in this turn are seen.
void Loop::arm_timer() {
    auto& h = *handles_;
    if (timers_.empty()) {
        if (h.armed_for) uv_timer_stop(&h.timer);
        h.armed_for.reset();
        return;
    }
    const auto first = timers_.begin()->first.first;
    if (h.armed_for == first) return;
    h.armed_for = first;
    const auto wait = std::max(std::chrono::ceil<Duration>(first - now()), Duration(0));
    uv_timer_start(
        &h.timer, [](uv_timer_t* t) { static_cast<Loop*>(t->data)->fire_timers(); },
        static_cast<std::uint64_t>(wait.count()), 0);
}

void Loop::fire_timers() {
    handles_->armed_for.reset();
    // A callback may start timers that are due at once: they wait for the next turn, so that sockets get theirs.
    const auto last_started = timers_started_;
    const auto due = now();
    while (!timers_.empty()) {
        const auto first = timers_.begin();
        if (first->first.first > due || first->first.second > last_started) return;
        Timer* timer = first->second;
        timers_.erase(first);
        timer->armed_ = false;
        auto callback = std::exchange(timer->callback_, nullptr);
        callback();
    }
}

namespace {

// The first of an event and a deadline.
class EventOrDeadline {
  public:
    EventOrDeadline(Loop& loop, Event& event, Deadline deadline)
        : timer_(loop), event_(event), deadline_(deadline) {}
    EventOrDeadline(const EventOrDeadline&) = delete;
    EventOrDeadline& operator=(const EventOrDeadline&) = delete;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
        self_ = self;
        waiter_.emplace(event_, [this] { wake(true); });
        timer_.start(deadline_, [this] { wake(false); });
    }
    bool await_resume() const noexcept { return notified_; }

  private:
    void wake(bool notified) {
        notified_ = notified;
        waiter_.reset();
        timer_.cancel();
        self_.resume();  // may destroy this
    }
    Timer timer_;
    Event& event_;
    Deadline deadline_;
    std::optional<Event::Waiter> waiter_;
    std::coroutine_handle<> self_;
    bool notified_ = false;
};

}  // namespace

Async<bool> Loop::wait(Event& event, Deadline deadline) {
    EventOrDeadline either(*this, event, deadline);
    const bool notified = co_await either;
    co_return notified;
}

}  // namespace tayori::net
