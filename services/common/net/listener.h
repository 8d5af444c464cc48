// The listening side of a daemon: ports, limits, sessions, and the graceful stop.
//
//   Server server(loop, limits);
//   auto port = server.listen({.address = "*", .port = 110, .refusal = "-ERR too many connections\r\n"},
//                             [&](Conn& conn) { return serve_pop3(parts, conn); });
//   ...
//   co_await server.stop(30s);
//
// Each accepted connection gets one coroutine, in this order: PROXY header (from configured proxies), limits per
// address, implicit TLS, the handler, graceful close. An error that leaves the handler ends that session only.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/sync.h"
#include "common/net/conn.h"

namespace tayori::net {

inline constexpr int kAcceptsPerTurn = 64;  // so that a flood of connections does not starve sessions

struct ServerLimits {
    std::size_t connections_max = 10'000;
    std::size_t per_address_max = 100;  // IPv6 is counted by /64; unix sockets are not
    Duration proxy_header_max = std::chrono::seconds(10);
    Duration handshake_max = std::chrono::seconds(30);
    Duration close_max = std::chrono::seconds(5);
};

struct ListenOptions {
    std::string address = "*";  // an IP address, "*" for all of them, or "unix:/path"
    std::uint16_t port = 0;     // 0: the kernel chooses
    bool reuse_port = false;    // several processes share the port (SO_REUSEPORT)
    int inherited = -1;         // a listening socket to take over, instead of address and port
    const TlsContext* implicit_tls = nullptr;
    const Networks* proxies = nullptr;  // peers that must send a PROXY header; may change while running
    std::string refusal = {};           // a last line for those above a limit; only sent in plain text
};

class Server {
  public:
    using Handler = std::function<Async<void>(Conn&)>;

    Server(Loop& loop, ServerLimits limits);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // cancels all sessions

    // The port that it listens on.
    Result<std::uint16_t> listen(ListenOptions options, Handler handler);

    std::size_t sessions() const;
    std::size_t sessions_of(const IpAddress& address) const;

    // Notified once, when stop() begins: an idle session says its protocol's goodbye (421, BYE) and ends.
    Event& stopping() { return stopping_; }
    bool is_stopping() const { return is_stopping_; }
    // Accepts nothing more, tells the sessions, waits for them, and after `grace` cancels the rest.
    Async<void> stop(Duration grace);

    struct Counts {
        std::uint64_t accepted = 0;
        std::uint64_t refused = 0;  // above a limit, or no file descriptor left
    };
    Counts counts() const { return counts_; }

  private:
    class Listener;
    class Slot;
    Async<void> serve(Listener& listener, Conn conn);
    void give_memory_back_later();
    void accepted(Listener& listener, Conn conn);
    void refuse(const Listener& listener, Conn& conn);

    Loop& loop_;
    ServerLimits limits_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    absl::flat_hash_map<IpAddress, std::size_t> per_address_;
    Counts counts_;
    Event stopping_;
    Event ended_;
    bool is_stopping_ = false;
    Timer trim_;
    std::uint64_t accepted_at_last_look_ = 0;
    std::unique_ptr<Tasks> tasks_;  // last: its sessions use the rest
};

}  // namespace tayori::net
