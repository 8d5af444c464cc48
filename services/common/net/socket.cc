#include "common/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

#include "common/base/text.h"

namespace tayori::net {
namespace {

constexpr int kListenBacklog = 1024;
constexpr mode_t kUnixSocketMode = 0660;

void set_int(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

// A socket file that nobody listens on is left from a killed process; any other file is not ours to remove.
void remove_stale_socket(const Endpoint& at) {
    struct stat file {};
    if (::lstat(at.unix_path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
    const RawAddress address(at);
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return;
    const bool stale = ::connect(probe, address.get(), address.size) != 0 && errno == ECONNREFUSED;
    ::close(probe);
    if (stale) ::unlink(at.unix_path.c_str());
}

}  // namespace

struct Socket::Handle {
    uv_poll_t uv;
    Socket* owner;

    static void ready(uv_poll_t* uv, int status, int events) {
        auto* owner = static_cast<Handle*>(uv->data)->owner;
        unsigned ready = 0;
        if (status < 0) {
            // libuv has stopped watching. A read or write tells what is wrong.
            owner->wanted_ = 0;
            ready = kReadable | kWritable;
        } else {
            if ((events & UV_READABLE) != 0) ready |= kReadable;
            if ((events & UV_WRITABLE) != 0) ready |= kWritable;
        }
        owner->on_ready_(ready);  // may destroy the owner
    }
};

Socket::Socket(Loop& loop, int fd, std::function<void(unsigned)> on_ready)
    : fd_(fd), on_ready_(std::move(on_ready)) {
    auto* handle = new Handle{{}, this};
    handle->uv.data = handle;
    if (uv_poll_init(loop.raw(), &handle->uv, fd) != 0) {
        delete handle;  // libuv does not know it
        ::close(std::exchange(fd_, -1));
        return;
    }
    handle_ = handle;
}

void Socket::want(unsigned ready) {
    if (ready == wanted_ || !is_open()) return;
    wanted_ = ready;
    int events = 0;
    if ((ready & kReadable) != 0) events |= UV_READABLE;
    if ((ready & kWritable) != 0) events |= UV_WRITABLE;
    if (events == 0) uv_poll_stop(&handle_->uv);
    else uv_poll_start(&handle_->uv, events, Handle::ready);
}

void Socket::close() {
    if (!is_open()) return;
    // After uv_close() no callback of ours comes, and the descriptor may be closed at once.
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->uv),
             [](uv_handle_t* h) { delete static_cast<Handle*>(h->data); });
    handle_ = nullptr;
    ::close(std::exchange(fd_, -1));
}

RawAddress::RawAddress() = default;

RawAddress::RawAddress(const Endpoint& endpoint) {
    static_assert(sizeof(sockaddr_un) <= sizeof bytes);
    if (endpoint.is_unix()) {
        sockaddr_un un{};
        un.sun_family = AF_UNIX;
        std::memcpy(un.sun_path, endpoint.unix_path.data(),
                    std::min(endpoint.unix_path.size(), sizeof un.sun_path - 1));
        std::memcpy(bytes, &un, sizeof un);
        size = sizeof un;
    } else if (endpoint.ip.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(endpoint.port);
        std::memcpy(&in.sin_addr, endpoint.ip.bytes().data() + 12, 4);
        std::memcpy(bytes, &in, sizeof in);
        size = sizeof in;
    } else {
        sockaddr_in6 in6{};
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(endpoint.port);
        std::memcpy(&in6.sin6_addr, endpoint.ip.bytes().data(), 16);
        std::memcpy(bytes, &in6, sizeof in6);
        size = sizeof in6;
    }
}

int RawAddress::family() const { return get()->sa_family; }

Endpoint RawAddress::endpoint() const {
    Endpoint out;
    if (family() == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, bytes, sizeof in);
        std::uint8_t b[4];
        std::memcpy(b, &in.sin_addr, 4);
        out.ip = IpAddress::v4(b[0], b[1], b[2], b[3]);
        out.port = ntohs(in.sin_port);
    } else if (family() == AF_INET6) {
        sockaddr_in6 in6{};
        std::memcpy(&in6, bytes, sizeof in6);
        IpAddress::Bytes b;
        std::memcpy(b.data(), &in6.sin6_addr, 16);
        out.ip = IpAddress(b);
        out.port = ntohs(in6.sin6_port);
    } else {
        sockaddr_un un{};
        std::memcpy(&un, bytes, sizeof un);
        out.unix_path.assign(un.sun_path, ::strnlen(un.sun_path, sizeof un.sun_path));
        if (out.unix_path.empty()) out.unix_path = "/";  // the connecting side has no name
    }
    return out;
}

Endpoint local_endpoint(int fd) {
    RawAddress address;
    socklen_t size = sizeof address.bytes;
    if (::getsockname(fd, address.get(), &size) != 0) return {};
    return address.endpoint();
}

void set_stream_options(int fd) {
    // Output is gathered by Conn, so the kernel need not wait for more.
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

Result<int> open_listening(const Endpoint& at, bool reuse_port) {
    const RawAddress address(at);
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(Kind::unsupported, cat("Cannot listen on ", at.to_string(), ": ", std::strerror(errno)));
    if (at.is_unix()) {
        remove_stale_socket(at);
    } else {
        set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        if (reuse_port) set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        // "::" takes IPv4 too, whatever the system's default is.
        if (address.family() == AF_INET6) set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, at.ip == IpAddress() ? 0 : 1);
    }
    if (::bind(fd, address.get(), address.size) == 0) {
        // The mode is set before listen(): until then nobody can connect.
        if (at.is_unix()) ::chmod(at.unix_path.c_str(), kUnixSocketMode);
        if (::listen(fd, kListenBacklog) == 0) return fd;
    }
    const int code = errno;
    ::close(fd);
    return fail(code == EADDRINUSE ? Kind::in_use : Kind::denied,
                cat("Cannot listen on ", at.to_string(), ": ", std::strerror(code)));
}

}  // namespace tayori::net
