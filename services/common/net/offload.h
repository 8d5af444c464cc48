// Slow calculation off the loop: password hashing, big decodings.
//
//   auto key = co_await offload(loop, [password, salt] { return pbkdf2_hmac_sha256(password, salt, 10'000); });
//
// The function runs on libuv's thread pool, so it must own all that it touches. At most kOffloadPendingMax jobs wait
// or run at a time; one more fails with Kind::busy. Destroying the awaiting coroutine drops a job that has not begun,
// and the outcome of one that has.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "common/net/loop.h"

namespace tayori::net {

inline constexpr std::size_t kOffloadPendingMax = 1024;

namespace detail {

// One job on the pool. `done` runs on the loop, unless cancel() came before.
class PoolJob {
  public:
    static Result<std::shared_ptr<PoolJob>> start(Loop& loop, std::function<void()> work,
                                                  std::function<void()> done);
    void cancel();

  private:
    friend struct PoolCallbacks;
    struct Request;
    Request* request_ = nullptr;  // owned by the pool until it calls back
    std::function<void()> done_;
};

template <class F>
class OffloadAwaiter {
  public:
    using Outcome = std::invoke_result_t<F>;
    OffloadAwaiter(Loop& loop, F fn) : loop_(loop), slot_(std::make_shared<Slot>(std::move(fn))) {}
    OffloadAwaiter(const OffloadAwaiter&) = delete;
    OffloadAwaiter& operator=(const OffloadAwaiter&) = delete;
    ~OffloadAwaiter() {
        if (job_) job_->cancel();
    }
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> self) {
        auto job = PoolJob::start(
            loop_, [slot = slot_] { slot->run(); }, [self] { self.resume(); });
        if (!job) {
            slot_->outcome.emplace(fail(std::move(job.error())));
            return false;
        }
        job_ = std::move(*job);
        return true;
    }
    auto await_resume() {
        job_.reset();
        return std::move(*slot_->outcome);
    }

  private:
    template <class T>
    struct AsResult {
        using type = Result<T>;
    };
    template <class T>
    struct AsResult<Result<T>> {
        using type = Result<T>;
    };
    struct Slot {
        explicit Slot(F f) : fn(std::move(f)) {}
        F fn;
        std::optional<typename AsResult<Outcome>::type> outcome;
        void run() {
            try {
                if constexpr (std::is_void_v<Outcome>) {
                    fn();
                    outcome.emplace();
                } else {
                    outcome.emplace(fn());
                }
            } catch (const std::exception& e) {
                outcome.emplace(fail(Kind::internal, "Internal error.", e.what()));
            }
        }
    };
    Loop& loop_;
    std::shared_ptr<Slot> slot_;
    std::shared_ptr<PoolJob> job_;
};

template <class T>
struct PlainOutcome {
    using type = T;
};
template <class T>
struct PlainOutcome<Result<T>> {
    using type = T;
};

}  // namespace detail

// `fn` returns a T or a Result<T>.
template <class F>
Async<typename detail::PlainOutcome<std::invoke_result_t<F>>::type> offload(Loop& loop, F fn) {
    detail::OffloadAwaiter<F> work(loop, std::move(fn));
    auto outcome = co_await work;
    if constexpr (std::is_void_v<typename decltype(outcome)::value_type>) {
        co_await std::move(outcome);
    } else {
        co_return std::move(outcome);
    }
}

}  // namespace tayori::net
