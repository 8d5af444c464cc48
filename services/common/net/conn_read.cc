// How a connection reads.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"
#include "common/net/conn_state.h"
#include "common/net/proxy.h"

namespace tayori::net {
namespace {

constexpr std::size_t kIdleBufferBytes = 1024;  // capacity that an idle connection may keep

// Where the line ends: the position of its LF, at or behind `from`. `after_cr`: the byte before the text was a CR.
std::size_t find_line_end(std::string_view text, std::size_t from, LineEnd end, bool after_cr = false) {
    for (auto at = text.find('\n', from); at != text.npos; at = text.find('\n', at + 1)) {
        if (end == LineEnd::crlf_or_lf) return at;
        const bool cr = at > 0 ? text[at - 1] == '\r' : after_cr;
        if (cr) return at;
    }
    return text.npos;
}

}  // namespace

void Conn::State::consume(std::size_t bytes) {
    bytes = std::min(bytes, unread().size());
    in_at += bytes;
    seen -= std::min(seen, bytes);
    if (in_at < in.size()) return;
    in.clear();
    in_at = 0;
}

void Conn::State::release_idle_memory() {
    if (in.empty() && in.capacity() > kIdleBufferBytes) in = std::string();
}

void Conn::State::receive() {
    const auto scratch = loop.scratch();
    const auto n = ::recv(socket.fd(), scratch.data(), scratch.size(), 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) break_off(std::strerror(errno));
        return;
    }
    if (n == 0) {
        ended = true;
        return;
    }
    const std::string_view bytes(scratch.data(), static_cast<std::size_t>(n));
    counts.received += bytes.size();
    if (discard_left) {
        if (*discard_left < bytes.size()) return break_off("closed");
        *discard_left -= bytes.size();
        return;
    }
    if (in_at > 0) {
        in.erase(0, in_at);
        in_at = 0;
    }
    if (!tls) {
        in.append(bytes);
        return;
    }
    decrypt(bytes);
    // TLS answers by itself: the handshake, key updates.
    if (!broken && !tls->outgoing().empty()) pump();
}

Async<void> Conn::State::fill(Deadline deadline) {
    // Bytes may have come since the caller looked, while it waited for something else.
    if (readable_enough()) co_return;
    if (unread().size() >= kBufferedMax) co_await fail(Kind::too_big, "Too much input.", "kBufferedMax");
    pump();
    if (broken || ended) co_await fail(closed_error());
    release_idle_memory();
    Wait more(*this, &State::reader, deadline);
    const Outcome outcome = co_await more;
    if (outcome == Outcome::deadline) co_await fail(timeout_error());
    if (outcome == Outcome::closed) co_await fail(closed_error());
}

Async<std::string> Conn::State::read_line(LineLimit limit, Deadline deadline) {
    std::size_t scanned = 0;
    for (;;) {
        const auto text = unread();
        const auto lf = find_line_end(text, scanned, limit.end);
        if (lf != text.npos) {
            auto line = text.substr(0, lf);
            if (line.ends_with('\r')) line.remove_suffix(1);
            const bool too_long = line.size() > limit.bytes_max;
            const bool bare_lf = line.find('\n') != line.npos;
            std::string taken(too_long ? std::string_view() : line);
            consume(lf + 1);
            if (too_long) co_await fail(Kind::too_big, "Line too long.");
            // Whoever passes a bare LF on as a line end, or not, would split the text differently than we do.
            if (bare_lf) co_await fail(Kind::invalid, "Line contains a bare LF.");
            co_return taken;
        }
        // One byte more than the limit may be the CR of the line's end.
        if (text.size() > limit.bytes_max + 1) break;
        scanned = text.size();
        seen = text.size();
        co_await fill(deadline);
    }
    co_await discard_line(limit.end, deadline);
    co_await fail(Kind::too_big, "Line too long.");
    co_return std::string();
}

Async<void> Conn::State::discard_line(LineEnd end, Deadline deadline) {
    std::size_t dropped = 0;
    bool after_cr = false;
    for (;;) {
        const auto text = unread();
        const auto lf = find_line_end(text, 0, end, after_cr);
        if (lf != text.npos) {
            consume(lf + 1);
            co_return;
        }
        dropped += text.size();
        if (!text.empty()) after_cr = text.back() == '\r';
        consume(text.size());
        if (dropped > kLineDiscardMax) {
            break_off("a line without an end");
            co_await fail(closed_error());
        }
        co_await fill(deadline);
    }
}

Async<std::string> Conn::State::read_exact(std::size_t bytes, Deadline deadline) {
    std::string taken;
    // What the peer announces is not allocated before it arrives.
    taken.reserve(std::min(bytes, kReadAheadMax));
    for (;;) {
        const auto piece = unread().substr(0, bytes - taken.size());
        taken.append(piece);
        consume(piece.size());
        if (taken.size() == bytes) co_return taken;
        seen = unread().size();
        co_await fill(deadline);
    }
}

Async<Wake> Conn::State::wait_readable_or(Event& event, Deadline deadline) {
    pump();
    if (!unread().empty()) co_return Wake::readable;
    if (broken || ended) co_await fail(closed_error());
    release_idle_memory();
    seen = 0;
    Wait wait(*this, &State::reader, deadline);
    const Event::Waiter notified(event, [&wait] { wait.wake(Outcome::notified); });
    const Outcome outcome = co_await wait;
    if (outcome == Outcome::closed) co_await fail(closed_error());
    if (outcome == Outcome::notified) co_return Wake::notified;
    if (outcome == Outcome::deadline) co_return Wake::deadline;
    co_return Wake::readable;
}

Async<void> Conn::State::read_proxy_header(Deadline deadline) {
    for (;;) {
        auto header = co_await parse_proxy(unread());
        if (header) {
            consume(header->bytes);
            if (header->source) peer = *header->source;
            if (header->destination) local = *header->destination;
            co_return;
        }
        seen = unread().size();
        co_await fill(deadline);
    }
}

}  // namespace tayori::net
