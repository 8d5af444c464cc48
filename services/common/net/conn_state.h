// What a Conn holds: the socket, the buffers, TLS, and who waits. For this folder only.
//
// Invariant: coroutines are resumed only by settle(), which runs from the loop (socket ready, timer), and by a Wait's
// other source (an Event). So no call that a coroutine makes resumes another one.
#pragma once

#include <optional>

#include "common/net/conn.h"
#include "common/net/output_queue.h"
#include "common/net/socket.h"
#include "common/net/tls_stream.h"

namespace tayori::net {

enum class Outcome { ready, notified, deadline, closed };

class Wait;

struct Conn::State {
    State(Loop& loop, int fd, Endpoint peer, Endpoint local);
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    // conn_read.cc
    std::string_view unread() const { return std::string_view(in).substr(in_at); }
    void consume(std::size_t bytes);
    Async<void> fill(Deadline deadline);
    Async<std::string> read_line(LineLimit limit, Deadline deadline);
    Async<void> discard_line(LineEnd end, Deadline deadline);
    Async<std::string> read_exact(std::size_t bytes, Deadline deadline);
    Async<Wake> wait_readable_or(Event& event, Deadline deadline);
    Async<void> read_proxy_header(Deadline deadline);
    void receive();
    void release_idle_memory();

    // conn_write.cc
    std::size_t pending() const;
    void pump();  // sends what the kernel takes now
    bool send_some();
    void encrypt_some();
    Async<void> wait_until_pending(std::size_t goal, Deadline deadline);
    Async<void> close(Deadline deadline);

    // conn_tls.cc
    Async<void> start_tls(const TlsContext& context, TlsStart start, Deadline deadline);
    Async<void> start_tls_client(const TlsClientContext& context, std::string host, Deadline deadline);
    Async<void> handshake(Deadline deadline);
    void decrypt(std::string_view cipher);

    // conn.cc
    void on_socket(unsigned ready);
    void settle();        // wakes those whose wait is over; may destroy this
    void update_socket();
    void arm_timer();
    void settle_soon();   // settle() from the loop, in the next turn
    void break_off(std::string why);
    Error closed_error() const;
    bool readable_enough() const;
    Deadline stalled_at() const;  // when output that makes no progress ends the connection

    Loop& loop;
    Endpoint peer;
    Endpoint local;
    ByteCounts counts;

    std::string in;
    std::size_t in_at = 0;  // consumed bytes at the start of `in`
    std::size_t seen = 0;   // of unread(), when buffered() was last called
    OutputQueue out;
    std::unique_ptr<TlsStream> tls;

    bool connecting = false;
    bool ended = false;        // the peer sends nothing more
    bool broken = false;       // nothing can be read or written
    bool holding = false;      // before TLS: what comes now must not be read as plain text
    bool handshaking = false;
    bool kernel_full = false;  // a send would block
    std::optional<std::uint64_t> discard_left;  // closing: so much more is read and dropped
    std::string why_broken;

    Wait* reader = nullptr;
    Wait* writer = nullptr;
    std::size_t writer_goal = 0;
    std::optional<Deadline> stalled_since;  // when the kernel took no byte any more
    Duration write_stall_max = kWriteStallMax;
    Timer timer;
    bool* gone = nullptr;  // set by the destructor while settle() is on the stack
    Socket socket;         // last: its callback uses all of the above
};

// One waiting coroutine. It lives in that coroutine's frame, so either side may vanish first.
class Wait {
  public:
    using Slot = Wait* Conn::State::*;
    Wait(Conn::State& state, Slot slot, Deadline deadline)
        : state_(&state), slot_(slot), deadline_(deadline) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() { leave(); }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self);
    Outcome await_resume() const noexcept { return outcome_; }

    void wake(Outcome outcome);
    Deadline deadline() const { return deadline_; }

  private:
    friend struct Conn::State;
    void leave();
    Conn::State* state_;  // none once the connection is gone
    Slot slot_;
    Deadline deadline_;
    std::coroutine_handle<> self_;
    Outcome outcome_ = Outcome::closed;
};

Error timeout_error();

}  // namespace tayori::net
