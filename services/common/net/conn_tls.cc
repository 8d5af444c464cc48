// How a connection becomes a TLS connection.
#include "common/net/conn_state.h"

namespace tayori::net {

void Conn::State::decrypt(std::string_view cipher) {
    const auto status = tls->feed(cipher, in);
    if (status == TlsStream::Status::open) return;
    if (status == TlsStream::Status::ended) {
        ended = true;
        return;
    }
    // The peer is told why, if the kernel takes the alert at once.
    auto why = tls->error();
    out.clear();
    send_some();
    break_off(std::move(why));
}

Async<void> Conn::State::start_tls(const TlsContext& context, TlsStart start, Deadline deadline) {
    // Bytes behind STARTTLS in plain text may come from a man in the middle. They must not be taken for the protected
    // stream's (RFC 3207 §4.2, RFC 9051 §6.2.1); no honest client sends any, so the connection ends.
    if (start == TlsStart::upgrade && !unread().empty()) break_off("plain text behind STARTTLS");
    if (broken) co_await fail(closed_error());
    // From here on nothing is read as plain text: what comes while the reply leaves is the ClientHello.
    holding = true;
    co_await wait_until_pending(0, deadline);
    auto stream = TlsStream::server(context);
    if (!stream) co_await fail(Kind::internal, "TLS is not available.", "SSL_new");
    const std::string early(unread());
    consume(early.size());
    seen = 0;
    tls = std::move(stream);
    holding = false;
    if (!early.empty()) decrypt(early);
    co_await handshake(deadline);
}

Async<void> Conn::State::start_tls_client(const TlsClientContext& context, std::string host, Deadline deadline) {
    // The server's answer to STARTTLS was the last plain line: more is an injection.
    if (!unread().empty()) break_off("plain text behind STARTTLS");
    if (broken) co_await fail(closed_error());
    holding = true;
    co_await wait_until_pending(0, deadline);
    auto stream = TlsStream::client(context, host);
    if (!stream) co_await fail(Kind::invalid, "Not a host name that can be verified.", host);
    tls = std::move(stream);
    holding = false;
    if (tls->begin() == TlsStream::Status::failed) break_off(tls->error());
    auto done = co_await handshake(deadline).result();
    if (!done && done.error().kind == Kind::closed && tls->peer_not_verified())
        co_await fail(Kind::denied, "The server's certificate is not valid for its name.", why_broken);
    co_await std::move(done);
}

Async<void> Conn::State::handshake(Deadline deadline) {
    for (;;) {
        pump();
        if (broken) co_await fail(closed_error());
        if (tls->established()) co_return;
        if (ended) co_await fail(closed_error());
        handshaking = true;
        seen = unread().size();
        Wait more(*this, &State::reader, deadline);
        const Outcome outcome = co_await more;
        handshaking = false;
        if (outcome == Outcome::deadline) {
            break_off("TLS handshake timed out");
            co_await fail(timeout_error());
        }
        if (outcome == Outcome::closed) co_await fail(closed_error());
    }
}

}  // namespace tayori::net
