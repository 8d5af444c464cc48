// A non-blocking socket that the loop watches. For this folder only.
//
// libuv's poll handle is used rather than its streams: reads and writes are plain system calls of ours, so nothing
// is ever in flight that could not be cancelled. Only the handle itself lives on until libuv's close callback.
#pragma once

#include <functional>

#include "common/net/address.h"
#include "common/net/loop.h"

struct sockaddr;

namespace tayori::net {

enum Ready : unsigned { kReadable = 1, kWritable = 2 };

class Socket {
  public:
    // Takes the descriptor. `on_ready` gets a set of Ready; it may destroy the Socket.
    Socket(Loop& loop, int fd, std::function<void(unsigned)> on_ready);
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(); }

    void want(unsigned ready);  // level-triggered: called back each turn while it holds
    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    void close();

  private:
    struct Handle;
    Handle* handle_ = nullptr;
    int fd_;
    unsigned wanted_ = 0;
    std::function<void(unsigned)> on_ready_;
};

// A socket address in the kernel's form.
struct RawAddress {
    explicit RawAddress(const Endpoint& endpoint);
    RawAddress();
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(bytes); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(bytes); }
    int family() const;
    Endpoint endpoint() const;
    alignas(8) char bytes[128] = {};
    unsigned size = sizeof bytes;
};

Endpoint local_endpoint(int fd);
void set_stream_options(int fd);  // TCP_NODELAY, SO_KEEPALIVE; harmless on unix sockets

// A listening socket.
Result<int> open_listening(const Endpoint& at, bool reuse_port);

}  // namespace tayori::net
