// How a connection writes and ends.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/net/conn_state.h"

namespace tayori::net {
namespace {

constexpr std::size_t kPiecesPerSend = 64;
constexpr Duration kLingerMax = std::chrono::seconds(5);
constexpr std::uint64_t kLingerBytesMax = 4 * 1024 * 1024;

}  // namespace

std::size_t Conn::State::pending() const {
    return out.size() + (tls ? tls->outgoing().size() : 0);
}

void Conn::State::encrypt_some() {
    while (!out.empty() && tls->outgoing().size() < kOutputHighWater) {
        const auto piece = out.front().substr(0, kOutputHighWater);
        if (tls->write(piece) == TlsStream::Status::failed) return break_off(tls->error());
        out.consume(piece.size());
    }
}

// One system call. False when the kernel takes no more, or there is nothing more.
bool Conn::State::send_some() {
    std::array<iovec, kPiecesPerSend> pieces;
    msghdr message{};
    message.msg_iov = pieces.data();
    if (tls) {
        const auto cipher = tls->outgoing();
        pieces[0] = {const_cast<char*>(cipher.data()), cipher.size()};
        message.msg_iovlen = cipher.empty() ? 0 : 1;
    } else {
        message.msg_iovlen = static_cast<std::size_t>(out.gather(pieces));
    }
    if (message.msg_iovlen == 0) return false;
    const auto n = ::sendmsg(socket.fd(), &message, MSG_NOSIGNAL);
    if (n < 0) {
        if (errno == EINTR) return true;
        if (errno == EAGAIN) {
            kernel_full = true;
            if (!stalled_since) stalled_since = loop.now();
        } else {
            break_off(std::strerror(errno));
        }
        return false;
    }
    const auto sent = static_cast<std::size_t>(n);
    counts.sent += sent;
    stalled_since.reset();
    if (tls) tls->sent(sent);
    else out.consume(sent);
    return true;
}

void Conn::State::pump() {
    if (connecting || kernel_full) return;
    while (!broken) {
        if (tls && tls->established()) encrypt_some();
        if (broken || !send_some()) break;
    }
    if (broken) return;
    update_socket();
    // Another coroutine may wait for just this.
    if (writer != nullptr && pending() <= writer_goal) settle_soon();
    else arm_timer();
}

Async<void> Conn::State::wait_until_pending(std::size_t goal, Deadline deadline) {
    if (broken) co_await fail(closed_error());
    if (pending() <= goal) co_return;
    pump();
    if (broken) co_await fail(closed_error());
    if (pending() <= goal) co_return;
    writer_goal = goal;
    Wait wait(*this, &State::writer, deadline);
    const Outcome outcome = co_await wait;
    if (outcome == Outcome::deadline) co_await fail(timeout_error());
    if (outcome == Outcome::closed) co_await fail(closed_error());
}

Async<void> Conn::State::close(Deadline deadline) {
    deadline = std::min(deadline, loop.in(kWriteStallMax));
    auto sent = co_await wait_until_pending(0, deadline).result();
    if (sent && tls) {
        tls->say_goodbye();
        sent = co_await wait_until_pending(0, deadline).result();
    }
    if (sent && ::shutdown(socket.fd(), SHUT_WR) == 0) {
        // Closing with unread input would send a reset, which may overtake our last line at the peer.
        discard_left = kLingerBytesMax;
        consume(unread().size());
        release_idle_memory();
        const auto until = std::min(deadline, loop.in(kLingerMax));
        if (!ended) {
            Wait peer_closes(*this, &State::reader, until);
            co_await peer_closes;
        }
    }
    break_off("closed");
}

}  // namespace tayori::net
