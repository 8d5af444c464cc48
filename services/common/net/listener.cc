#include "common/net/listener.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/net/conn_state.h"
#include "common/net/socket.h"

namespace tayori::net {
namespace {

constexpr Duration kAcceptPause = std::chrono::milliseconds(100);  // after an error that will not go away by itself

constexpr std::uint64_t kCrowd = 256;       // new connections after which memory is given back
constexpr std::uint64_t kQuietAccepts = 32;  // in kQuietTime: not more of them
constexpr Duration kQuietTime = std::chrono::seconds(15);

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_transient(int code) {
    // Linux passes the new connection's own errors on (accept(2)).
    switch (code) {
        case EINTR:
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case EOPNOTSUPP:
        case ENETUNREACH:
        case EPERM:
            return true;
        default:
            return false;
    }
}

}  // namespace

// One port.
class Server::Listener {
  public:
    Listener(Server& server, int fd, ListenOptions opts, Handler h)
        : options(std::move(opts)),
          handler(std::move(h)),
          local(local_endpoint(fd)),
          server_(server),
          socket_(server.loop_, fd, [this](unsigned) { accept_some(); }),
          pause_(server.loop_),
          reserve_(open_reserve()) {
        socket_.want(kReadable);
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { close(); }

    void close() {
        pause_.cancel();
        if (socket_.is_open() && local.is_unix()) ::unlink(local.unix_path.c_str());
        socket_.close();
        if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
    }

    const ListenOptions options;
    const Handler handler;
    const Endpoint local;

  private:
    void accept_some() {
        for (int i = 0; i < kAcceptsPerTurn && socket_.is_open(); ++i) {
            RawAddress from;
            socklen_t size = sizeof from.bytes;
            const int fd = ::accept4(socket_.fd(), from.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                take(fd, from.endpoint());
                continue;
            }
            if (errno == EAGAIN) return;
            if (is_transient(errno)) continue;
            pause(errno);
            return;
        }
    }

    void take(int fd, Endpoint peer) {
        if (!local.is_unix()) set_stream_options(fd);
        auto here = local_endpoint(fd);
        server_.accepted(*this, Conn(std::make_unique<Conn::State>(server_.loop_, fd, std::move(peer), std::move(here))));
    }

    // Without a file descriptor left, the connection in the queue would wake us for ever: the reserve lets us take
    // and close it, so that its client tries again later.
    void pause(int code) {
        if ((code == EMFILE || code == ENFILE) && reserve_ >= 0) {
            ::close(reserve_);
            const int victim = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
            if (victim >= 0) {
                ::close(victim);
                ++server_.counts_.refused;
            }
            reserve_ = open_reserve();
        }
        log_error("cannot accept", {{"listen", local.to_string()}, {"why", std::strerror(code)}});
        socket_.want(0);
        pause_.start_in(kAcceptPause, [this] { socket_.want(kReadable); });
    }

    Server& server_;
    Socket socket_;
    Timer pause_;
    int reserve_;
};

// A session's place among those of its address. None when that address has too many.
class Server::Slot {
  public:
    Slot(Server& server, const Endpoint& peer) : server_(server) {
        if (peer.is_unix()) {
            has_place_ = true;
            return;
        }
        site_ = peer.ip.site();
        auto& count = server_.per_address_[site_];
        if (count >= server_.limits_.per_address_max) return;
        ++count;
        counted_ = has_place_ = true;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
        if (!counted_) return;
        const auto at = server_.per_address_.find(site_);
        if (--at->second == 0) server_.per_address_.erase(at);
    }
    bool has_place() const { return has_place_; }

  private:
    Server& server_;
    IpAddress site_;
    bool counted_ = false;
    bool has_place_ = false;
};

Server::Server(Loop& loop, ServerLimits limits)
    : loop_(loop), limits_(limits), trim_(loop), tasks_(std::make_unique<Tasks>()) {}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(ListenOptions options, Handler handler) {
    int fd = options.inherited;
    if (fd < 0) {
        Endpoint at;
        at.port = options.port;
        if (options.address.starts_with("unix:")) {
            auto parsed = Endpoint::parse(options.address);
            if (!parsed) return fail(std::move(parsed.error()));
            at = std::move(*parsed);
        } else if (options.address != "*") {
            auto ip = IpAddress::parse(options.address);
            if (!ip) return fail(Kind::invalid, cat("Not an address to listen on: ", options.address));
            at.ip = *ip;
        }
        auto opened = open_listening(at, options.reuse_port);
        if (!opened && options.address == "*") {
            // A system without IPv6.
            at.ip = IpAddress::v4(0, 0, 0, 0);
            auto second = open_listening(at, options.reuse_port);
            if (second) opened = std::move(second);
        }
        if (!opened) return fail(std::move(opened.error()));
        fd = *opened;
    }
    listeners_.push_back(std::make_unique<Listener>(*this, fd, std::move(options), std::move(handler)));
    return listeners_.back()->local.port;
}

std::size_t Server::sessions() const { return tasks_->size(); }

std::size_t Server::sessions_of(const IpAddress& address) const {
    const auto at = per_address_.find(address.site());
    return at == per_address_.end() ? 0 : at->second;
}

// A crowd that comes at once (after a restart, with TLS) leaves more free memory between the sessions' than the
// sessions hold: 48 KB per idle connection instead of 20. Once it is quiet, the system gets it back.
void Server::give_memory_back_later() {
    accepted_at_last_look_ = counts_.accepted;
    trim_.start_in(kQuietTime, [this] {
        if (counts_.accepted - accepted_at_last_look_ > kQuietAccepts) give_memory_back_later();
        else ::malloc_trim(0);
    });
}

void Server::accepted(Listener& listener, Conn conn) {
    ++counts_.accepted;
    if (!trim_.armed() && counts_.accepted - accepted_at_last_look_ >= kCrowd) give_memory_back_later();
    if (sessions() >= limits_.connections_max) {
        refuse(listener, conn);
        return;
    }
    tasks_->spawn(serve(listener, std::move(conn)), [this](Result<void> outcome) {
        if (!outcome && outcome.error().kind == Kind::internal)
            log_error("session failed", {{"why", outcome.error().detail}});
        ended_.notify();
    });
}

// A last line, as far as the kernel takes it, and away: whoever comes in floods gets no coroutine that waits for him.
void Server::refuse(const Listener& listener, Conn& conn) {
    ++counts_.refused;
    if (listener.options.implicit_tls == nullptr) conn.put(listener.options.refusal);
    conn.send_and_abort();
}

Async<void> Server::serve(Listener& listener, Conn conn) {
    const auto& options = listener.options;
    if (options.proxies != nullptr && options.proxies->contains(conn.peer().ip) && !conn.peer().is_unix())
        co_await conn.read_proxy_header(loop_.in(limits_.proxy_header_max));
    const Slot slot(*this, conn.peer());
    if (!slot.has_place()) {
        refuse(listener, conn);
        co_return;
    }
    if (options.implicit_tls != nullptr)
        co_await conn.start_tls(*options.implicit_tls, TlsStart::implicit, loop_.in(limits_.handshake_max));
    auto outcome = co_await listener.handler(conn).result();
    // Also after an error: the session's last line may still be pending.
    co_await conn.close(loop_.in(limits_.close_max));
    co_await std::move(outcome);
}

Async<void> Server::stop(Duration grace) {
    is_stopping_ = true;
    for (auto& listener : listeners_) listener->close();
    const auto until = loop_.in(grace);
    stopping_.notify();
    while (sessions() > 0) {
        const bool one_ended = co_await loop_.wait(ended_, until);
        if (!one_ended) break;
    }
    tasks_ = std::make_unique<Tasks>();  // cancels the rest
}

}  // namespace tayori::net
