// Async<T>: a lazy coroutine that ends in a T or an Error.
//
//   auto line = co_await conn.read_line(limit);            // the value, or leave this coroutine with the error
//   auto line = co_await conn.read_line(limit).result();   // Result<std::string>: look at the error here
//   co_await fail(Kind::not_found, "No such message.");    // leave; does not come back
//
// Ownership: whoever holds the Async owns the frame; destroying it cancels it, with everything that it awaits.
// Thread: one loop thread. Nothing here is synchronised.
//
// How leaving works: a failed co_await does not resume its coroutine. The error moves up to the first ancestor
// that asked for .result(), and only that one is resumed; the frames in between are destroyed by their owners.
//
// Invariant: a child that finishes while its parent is still inside await_suspend (`starting`) resumes nobody; the
// parent reads `finished` there. So loops over calls that need no waiting use no stack.
#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/result.h"

namespace tayori {

template <class T>
class Async;

namespace detail {

struct PromiseBase {
    std::coroutine_handle<> continuation;  // the awaiting coroutine, or none in a root
    void (*on_done)(void*) = nullptr;      // a root's observer: may destroy the frame
    void* on_done_argument = nullptr;
    PromiseBase* passes_error_to = nullptr;
    std::optional<Error> error;
    bool starting = false;
    bool finished = false;

    std::suspend_always initial_suspend() noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> self) noexcept {
            self.promise().complete();
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }

    // An exception is a bug or lack of memory: it becomes an internal error and costs one session.
    void unhandled_exception() noexcept;

    // Called exactly once, when the coroutine has its outcome and will not run again.
    void complete() noexcept {
        PromiseBase* at = this;
        for (;;) {
            at->finished = true;
            if (at->starting) return;  // the awaiter is on the stack and looks at `finished`
            if (!at->error || at->passes_error_to == nullptr) break;
            PromiseBase* up = at->passes_error_to;
            up->error = std::move(at->error);
            at = up;
        }
        if (at->continuation) at->continuation.resume();
        else if (at->on_done != nullptr) at->on_done(at->on_done_argument);
    }

    // Leaves the coroutine of this promise with an error, from inside one of its await_suspend()s.
    void leave(Error&& failure) noexcept {
        error = std::move(failure);
        complete();
    }

    // co_await on a Result<U> or on fail(...).
    template <class U>
    struct ResultAwaiter {
        explicit ResultAwaiter(Result<U>&& r) : result(std::move(r)) {}
        Result<U> result;
        bool await_ready() const noexcept { return result.has_value(); }
        template <class P>
        void await_suspend(std::coroutine_handle<P> self) noexcept {
            self.promise().leave(std::move(result.error()));
        }
        U await_resume() {
            if constexpr (!std::is_void_v<U>) return std::move(*result);
        }
    };
    template <class U>
    ResultAwaiter<U> await_transform(Result<U> result) {
        return ResultAwaiter<U>(std::move(result));
    }
    ResultAwaiter<void> await_transform(tl::unexpected<Error> failure) {
        return ResultAwaiter<void>(Result<void>(std::move(failure)));
    }
    // An awaiter that is a variable is awaited in place: GCC 12 copies what await_transform returns as an lvalue.
    template <class A>
    struct InPlaceAwaiter {
        explicit InPlaceAwaiter(A& a) : awaiter(a) {}
        A& awaiter;
        bool await_ready() { return awaiter.await_ready(); }
        template <class P>
        auto await_suspend(std::coroutine_handle<P> self) {
            return awaiter.await_suspend(self);
        }
        decltype(auto) await_resume() { return awaiter.await_resume(); }
    };
    template <class A>
    auto await_transform(A&& awaitable) noexcept {
        if constexpr (std::is_lvalue_reference_v<A>) {
            return InPlaceAwaiter<std::remove_reference_t<A>>(awaitable);
        } else {
            return std::forward<A>(awaitable);
        }
    }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Async<T> get_return_object() noexcept;
    void return_value(T v) { value.emplace(std::move(v)); }
    void return_value(tl::unexpected<Error> failure) { error = std::move(failure.value()); }
    void return_value(Result<T> r) {
        if (r) value.emplace(std::move(*r));
        else error = std::move(r.error());
    }
    Result<T> take() {
        if (error) return tl::unexpected<Error>(std::move(*error));
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Async<void> get_return_object() noexcept;
    void return_void() noexcept {}
    Result<void> take() {
        if (error) return tl::unexpected<Error>(std::move(*error));
        return {};
    }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Async {
  public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Async(Handle handle) noexcept : handle_(handle) {}
    Async(Async&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Async& operator=(Async&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Async() { reset(); }

    // Awaiting it plainly: the value, or leave with the error.
    struct ValueAwaiter {
        explicit ValueAwaiter(Handle h) : child(h) {}
        Handle child;
        bool await_ready() const noexcept { return false; }
        template <class P>
        bool await_suspend(std::coroutine_handle<P> parent) {
            auto& promise = child.promise();
            promise.continuation = parent;
            promise.passes_error_to = &parent.promise();
            promise.starting = true;
            child.resume();
            promise.starting = false;
            if (!promise.finished) return true;
            if (!promise.error) return false;
            Error failure = std::move(*promise.error);
            parent.promise().leave(std::move(failure));  // may destroy this awaiter
            return true;
        }
        T await_resume() {
            if constexpr (!std::is_void_v<T>) return std::move(*child.promise().value);
        }
    };
    ValueAwaiter operator co_await() & = delete;
    ValueAwaiter operator co_await() && { return ValueAwaiter(handle_); }

    // Awaiting it for its outcome: never leaves.
    struct ResultAwaiter {
        explicit ResultAwaiter(Async&& a) : owner(std::move(a)) {}
        Async owner;
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> parent) {
            auto& promise = owner.handle_.promise();
            promise.continuation = parent;
            promise.starting = true;
            owner.handle_.resume();
            promise.starting = false;
            return !promise.finished;
        }
        Result<T> await_resume() { return owner.handle_.promise().take(); }
    };
    ResultAwaiter result() && { return ResultAwaiter(std::move(*this)); }

    // For roots (Tasks, tests): runs until the first wait. True if it ended at once; otherwise `done` is called at
    // the end, and may destroy this Async.
    bool start(void (*done)(void*), void* argument) {
        auto& promise = handle_.promise();
        promise.on_done = done;
        promise.on_done_argument = argument;
        promise.starting = true;
        handle_.resume();
        promise.starting = false;
        return promise.finished;
    }
    bool finished() const noexcept { return handle_.promise().finished; }
    Result<T> take() { return handle_.promise().take(); }

  private:
    void reset() noexcept {
        if (handle_) std::exchange(handle_, nullptr).destroy();
    }
    Handle handle_;
};

namespace detail {
template <class T>
Async<T> Promise<T>::get_return_object() noexcept {
    return Async<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Async<void> Promise<void>::get_return_object() noexcept {
    return Async<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace tayori
