// One connection: a TCP or unix stream, plain or TLS, read and written by one session coroutine.
//
//   co_await conn.write("+OK ready\r\n");
//   auto line = co_await conn.read_line(kCommandLine, loop.in(kIdleTime));
//
// Errors of every waiting function: `closed` when the peer is gone (or takes none of our bytes for kWriteStallMax),
// is_timeout() when the deadline passed, and what the function itself says. After a timeout the connection is whole:
// a session can still write its last line.
//
// Output is only gathered by write(); it leaves when a reading function has to wait, when more than kOutputHighWater
// is pending, and on flush(). So the replies to pipelined commands go out together. A session that is going to wait
// for something else for long calls flush().
//
// At most one coroutine reads and one writes at a time. Destroying the Conn or a waiting coroutine is safe at any
// moment; a coroutine that waits on a destroyed Conn does not go on, its owner destroys it. A Conn may be moved.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/tls.h"

namespace tayori::net {

inline constexpr std::size_t kOutputHighWater = 64 * 1024;  // a writer waits above it
inline constexpr std::size_t kReadAheadMax = 64 * 1024;     // not read further while nobody waits for bytes
inline constexpr std::size_t kBufferedMax = 1024 * 1024;    // fill() fails with too_big above it
inline constexpr std::size_t kLineDiscardMax = 1024 * 1024; // of a line above its limit; then the peer is cut off
inline constexpr Duration kWriteStallMax = std::chrono::minutes(5);

enum class LineEnd {
    crlf,        // a line that contains a bare LF fails with `invalid`, as a whole
    crlf_or_lf,  // a bare LF ends a line too
};

struct LineLimit {
    std::size_t bytes_max;  // without the line end
    LineEnd end = LineEnd::crlf;
};

enum class Wake { readable, notified, deadline };

enum class TlsStart {
    implicit,  // TLS from the first byte: bytes that were read already are the ClientHello
    upgrade,   // STARTTLS: bytes that were sent in plain text behind the command end the connection (RFC 3207 §4.2)
};

struct TlsInfo {
    std::string version;  // "TLSv1.3"
    std::string cipher;   // "TLS_AES_256_GCM_SHA384"
};

struct ByteCounts {
    std::uint64_t received = 0;  // on the wire
    std::uint64_t sent = 0;
};

bool is_timeout(const Error& error);

class Conn {
  public:
    Conn(Conn&&) noexcept;
    Conn& operator=(Conn&&) noexcept;
    ~Conn();  // abort()

    // Reading. buffered() stays valid until consume() or the next co_await.
    std::string_view buffered();
    void consume(std::size_t bytes);
    // Returns when buffered() has grown since it was last called. too_big: kBufferedMax bytes lie unconsumed.
    Async<void> fill(Deadline deadline);
    // The next line without its end. too_big: the line was longer; it has been read to its end and dropped.
    // invalid: a bare LF (see LineEnd). In both cases the next line can be read. Bare CR and NUL are left to grammars.
    Async<std::string> read_line(LineLimit limit, Deadline deadline);
    // The deadline is for the whole of it; for long literals, loop over fill(), buffered() and consume().
    Async<std::string> read_exact(std::size_t bytes, Deadline deadline);
    // For IDLE: until a byte can be read, the event is notified, or the deadline has passed. Flushes first.
    Async<Wake> wait_readable_or(Event& event, Deadline deadline);
    // Takes the client's addresses from a PROXY header, which must come first. invalid: something else came.
    Async<void> read_proxy_header(Deadline deadline);

    // Writing. The bytes are taken at the call; the await is for back-pressure.
    Async<void> write(std::string&& bytes);
    Async<void> write(std::string_view bytes);
    Async<void> write(const char* bytes) { return write(std::string_view(bytes)); }
    // write() without waiting, for many small pieces: await drained() now and then.
    void put(std::string_view bytes);
    void put(std::string&& bytes);
    void put(const char* bytes) { put(std::string_view(bytes)); }
    void push();            // sends what the kernel takes now of what was put, without waiting
    Async<void> drained();  // until at most kOutputHighWater / 2 is pending, if it is above kOutputHighWater
    Async<void> flush();    // until all is with the kernel
    std::size_t pending() const;
    // How long the peer may take no byte of what is pending, before the connection ends.
    void limit_write_stall(Duration longest);

    // The server's side of TLS. For an upgrade, write() the reply to STARTTLS and call this directly, without
    // flush(): nothing may be read in between. closed: the handshake failed.
    Async<void> start_tls(const TlsContext& context, TlsStart start, Deadline deadline);
    // The client's side. `host` is sent as SNI and verified if the context says so. denied: not verified.
    Async<void> start_tls_client(const TlsClientContext& context, std::string host, Deadline deadline);

    // Graceful: sends what is pending, says goodbye, and waits a little for the peer to close, so that a last line
    // is not lost to a reset. Never fails; at the deadline it aborts.
    Async<void> close(Deadline deadline);
    // At once. A coroutine that waits is woken with `closed` in the next turn.
    void abort();
    // abort(), after sending as much as the kernel takes at once: for refusing floods.
    void send_and_abort();

    const Endpoint& peer() const;   // the true client, after read_proxy_header()
    const Endpoint& local() const;
    bool is_tls() const;
    TlsInfo tls_info() const;
    ByteCounts bytes() const;
    Loop& loop() const;

    struct State;  // for this folder only
    explicit Conn(std::unique_ptr<State> state);

  private:
    std::unique_ptr<State> state_;
};

// Connects to a TCP or unix endpoint. busy: refused, unreachable, or the deadline passed.
Async<Conn> connect(Loop& loop, Endpoint to, Deadline deadline);

}  // namespace tayori::net
