// Two ends of a connection on one loop, and helpers to run coroutines on it.
#pragma once

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <utility>

#include "common/base/sync.h"
#include "common/crypto/certificate.h"
#include "common/net/conn.h"
#include "common/net/conn_state.h"
#include "common/net/loop.h"
#include "common/net/run.h"

namespace tayori::net {

inline constexpr Duration kTestPatience = std::chrono::seconds(20);
inline constexpr LineLimit kLine{100, LineEnd::crlf};

struct Ends {
    Conn server;
    Conn client;
};

inline std::unique_ptr<Conn::State> state_on(Loop& loop, int fd) {
    return std::make_unique<Conn::State>(loop, fd, Endpoint{}, Endpoint{});
}

// A connected pair without a listener. Unix sockets: the kernel delivers at once, so tests are exact.
inline Ends make_ends(Loop& loop) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) std::abort();
    return {Conn(state_on(loop, fds[0])), Conn(state_on(loop, fds[1]))};
}

template <class T>
Async<void> keep(Async<T> inner, std::optional<Result<T>>& out) {
    out.emplace(co_await std::move(inner).result());
}

class NetTest : public testing::Test {
  protected:
    // Runs until the coroutine ends.
    template <class T>
    Result<T> run(Async<T> task) {
        return run_to_end(loop, std::move(task));
    }
    // Starts a coroutine; its outcome appears in the returned place.
    template <class T>
    std::shared_ptr<std::optional<Result<T>>> begin(Async<T> task) {
        auto place = std::make_shared<std::optional<Result<T>>>();
        tasks.spawn(keep(std::move(task), *place), [place](Result<void>) {});
        return place;
    }
    // Lets the loop turn until `done` holds.
    void turn_until(const std::function<bool()>& done) {
        Timer patience(loop);
        bool late = false;
        patience.start_in(kTestPatience, [&] {
            late = true;
            loop.stop();
        });
        check_ = [&] {
            if (done()) loop.stop();
            else loop.post([this] { check_(); });
        };
        loop.post([this] { check_(); });
        loop.run();
        EXPECT_FALSE(late);
    }
    // A number of turns in which everything that is on its way arrives.
    void turn(int turns = 5) {
        turn_until([&] { return turns-- <= 0; });
    }
    Deadline soon() { return loop.in(std::chrono::milliseconds(20)); }
    Deadline later() { return loop.in(kTestPatience); }

    static std::unique_ptr<TlsContext> tls_context() {
        auto pair = crypto::make_self_signed({.common_name = "localhost", .names = {"localhost", "127.0.0.1"}});
        return std::move(TlsContext::from_pem(pair->certificate, pair->key).value());
    }

    Loop loop;
    Tasks tasks;

  private:
    std::function<void()> check_;
};

}  // namespace tayori::net
