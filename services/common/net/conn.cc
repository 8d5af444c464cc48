#include "common/net/conn.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"
#include "common/net/conn_state.h"

namespace tayori::net {
namespace {

constexpr std::string_view kTimeoutDetail = "deadline";

// Well above what encrypt_some() makes ahead: a peer whose input is full of our output must still be read, or both
// ends could wait for each other.
constexpr std::size_t kTlsOutgoingMax = 4 * kOutputHighWater;

}  // namespace

Error timeout_error() { return Error::make(Kind::busy, "Timeout.", std::string(kTimeoutDetail)); }
bool is_timeout(const Error& error) { return error.kind == Kind::busy && error.detail == kTimeoutDetail; }

// Wait -------------------------------------------------------------------------------------------------------------

void Wait::await_suspend(std::coroutine_handle<> self) {
    assert(state_->*slot_ == nullptr && "one coroutine reads and one writes");
    self_ = self;
    state_->*slot_ = this;
    if (state_->broken) state_->settle_soon();
    state_->update_socket();
    state_->arm_timer();
}

void Wait::leave() {
    if (state_ != nullptr && state_->*slot_ == this) state_->*slot_ = nullptr;
}

void Wait::wake(Outcome outcome) {
    if (state_ == nullptr) return;  // a coroutine of a destroyed connection does not go on
    leave();
    outcome_ = outcome;
    self_.resume();  // may destroy this
}

// State ------------------------------------------------------------------------------------------------------------

Conn::State::State(Loop& l, int fd, Endpoint p, Endpoint here)
    : loop(l),
      peer(std::move(p)),
      local(std::move(here)),
      timer(l),
      socket(l, fd, [this](unsigned ready) { on_socket(ready); }) {
    if (!socket.is_open()) break_off("the loop can't watch the socket");
}

Conn::State::~State() {
    if (gone != nullptr) *gone = true;
    for (Wait* wait : {reader, writer}) {
        if (wait != nullptr) wait->state_ = nullptr;
    }
}

Error Conn::State::closed_error() const {
    return Error::make(Kind::closed, "Connection closed.", broken ? why_broken : "end of stream");
}

void Conn::State::break_off(std::string why) {
    if (broken) return;
    broken = true;
    why_broken = std::move(why);
    out.clear();
    socket.close();
    if (reader != nullptr || writer != nullptr) settle_soon();
}

bool Conn::State::readable_enough() const {
    return unread().size() > seen || (handshaking && tls->established());
}

Deadline Conn::State::stalled_at() const {
    return stalled_since ? *stalled_since + write_stall_max : kNoDeadline;
}

void Conn::State::on_socket(unsigned ready) {
    if (connecting && (ready & kWritable) != 0) {
        int code = 0;
        socklen_t size = sizeof code;
        if (::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
        connecting = false;
        if (code != 0) break_off(std::strerror(code));
    }
    if ((ready & kWritable) != 0) {
        kernel_full = false;
        pump();
    }
    // Only what somebody waits for is read, and a little ahead; see update_socket().
    if ((ready & kReadable) != 0 && !broken && !ended && !holding) receive();
    settle();
}

void Conn::State::settle() {
    bool destroyed = false;
    gone = &destroyed;
    const auto now = loop.now();
    if (!broken && now >= stalled_at()) break_off("the peer takes no bytes");
    if (writer != nullptr) {
        if (broken) writer->wake(Outcome::closed);
        else if (!connecting && pending() <= writer_goal) writer->wake(Outcome::ready);
        else if (now >= writer->deadline()) writer->wake(Outcome::deadline);
        if (destroyed) return;
    }
    if (reader != nullptr) {
        if (readable_enough()) reader->wake(Outcome::ready);
        else if (broken || ended) reader->wake(Outcome::closed);
        else if (now >= reader->deadline()) reader->wake(Outcome::deadline);
        if (destroyed) return;
    }
    gone = nullptr;
    update_socket();
    arm_timer();
}

void Conn::State::update_socket() {
    if (broken) return;
    unsigned want = 0;
    const bool room = reader != nullptr || discard_left.has_value() || unread().size() < kReadAheadMax;
    // A peer that makes TLS answer (key updates) but reads nothing is not read further either.
    const bool answers_leave = !tls || tls->outgoing().size() <= kTlsOutgoingMax;
    if (!connecting && !ended && !holding && room && answers_leave) want |= kReadable;
    if (connecting || kernel_full) want |= kWritable;
    socket.want(want);
}

// One timer serves all deadlines of the connection. It is only moved forward when a nearer deadline comes: a timer
// that fires early finds nothing due and is armed again, once per idle time instead of once per command.
void Conn::State::arm_timer() {
    auto next = kNoDeadline;
    if (reader != nullptr) next = std::min(next, reader->deadline());
    if (writer != nullptr) next = std::min(next, writer->deadline());
    if (!broken) next = std::min(next, stalled_at());
    if (next < timer.at()) timer.start(next, [this] { settle(); });
}

void Conn::State::settle_soon() {
    timer.start(loop.now(), [this] { settle(); });
}

// Conn -------------------------------------------------------------------------------------------------------------

Conn::Conn(std::unique_ptr<State> state) : state_(std::move(state)) {}
Conn::Conn(Conn&&) noexcept = default;
Conn& Conn::operator=(Conn&&) noexcept = default;
Conn::~Conn() = default;

std::string_view Conn::buffered() {
    state_->seen = state_->unread().size();
    return state_->unread();
}
void Conn::consume(std::size_t bytes) { state_->consume(bytes); }
Async<void> Conn::fill(Deadline deadline) { return state_->fill(deadline); }
Async<std::string> Conn::read_line(LineLimit limit, Deadline deadline) { return state_->read_line(limit, deadline); }
Async<std::string> Conn::read_exact(std::size_t bytes, Deadline deadline) { return state_->read_exact(bytes, deadline); }
Async<Wake> Conn::wait_readable_or(Event& event, Deadline deadline) { return state_->wait_readable_or(event, deadline); }
Async<void> Conn::read_proxy_header(Deadline deadline) { return state_->read_proxy_header(deadline); }

void Conn::put(std::string_view bytes) {
    if (state_->broken) return;
    state_->out.put(bytes);
}
void Conn::put(std::string&& bytes) {
    if (state_->broken) return;
    state_->out.put(std::move(bytes));
}
Async<void> Conn::write(std::string&& bytes) {
    put(std::move(bytes));
    return drained();
}
Async<void> Conn::write(std::string_view bytes) {
    put(bytes);
    return drained();
}
Async<void> Conn::drained() {
    // Below the mark nobody waits, and nothing is sent yet either: more may come to go out with it.
    const bool above = state_->pending() > kOutputHighWater;
    return state_->wait_until_pending(above ? kOutputHighWater / 2 : kOutputHighWater, kNoDeadline);
}
void Conn::push() { state_->pump(); }
Async<void> Conn::flush() { return state_->wait_until_pending(0, kNoDeadline); }
void Conn::limit_write_stall(Duration longest) { state_->write_stall_max = longest; }
std::size_t Conn::pending() const { return state_->pending(); }

Async<void> Conn::start_tls(const TlsContext& context, TlsStart start, Deadline deadline) {
    return state_->start_tls(context, start, deadline);
}
Async<void> Conn::start_tls_client(const TlsClientContext& context, std::string host, Deadline deadline) {
    return state_->start_tls_client(context, std::move(host), deadline);
}
Async<void> Conn::close(Deadline deadline) { return state_->close(deadline); }
void Conn::abort() { state_->break_off("aborted"); }

void Conn::send_and_abort() {
    state_->pump();
    if (!state_->broken) ::shutdown(state_->socket.fd(), SHUT_WR);
    abort();
}

const Endpoint& Conn::peer() const { return state_->peer; }
const Endpoint& Conn::local() const { return state_->local; }
bool Conn::is_tls() const { return state_->tls != nullptr && state_->tls->established(); }
TlsInfo Conn::tls_info() const {
    if (!is_tls()) return {};
    return state_->tls->info();
}
ByteCounts Conn::bytes() const { return state_->counts; }
Loop& Conn::loop() const { return state_->loop; }

// Connecting -------------------------------------------------------------------------------------------------------

Async<Conn> connect(Loop& loop, Endpoint to, Deadline deadline) {
    const RawAddress address(to);
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) co_await fail(Kind::busy, "Can't connect.", std::strerror(errno));
    const int code = ::connect(fd, address.get(), address.size) == 0 ? 0 : errno;
    if (code != 0 && code != EINPROGRESS) {
        ::close(fd);
        co_await fail(Kind::busy, "Can't connect.", cat(to.to_string(), ": ", std::strerror(code)));
    }
    if (!to.is_unix()) set_stream_options(fd);
    auto state = std::make_unique<Conn::State>(loop, fd, to, Endpoint{});
    if (code == EINPROGRESS) {
        state->connecting = true;
        Wait connected(*state, &Conn::State::writer, deadline);
        const Outcome outcome = co_await connected;
        if (outcome != Outcome::ready) {
            auto why = outcome == Outcome::deadline ? std::string("deadline") : state->why_broken;
            co_await fail(Kind::busy, "Can't connect.", cat(to.to_string(), ": ", why));
        }
    }
    state->local = local_endpoint(state->socket.fd());
    co_return Conn(std::move(state));
}

}  // namespace tayori::net
