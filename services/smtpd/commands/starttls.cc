// STARTTLS (RFC 3207)
//
//   C: STARTTLS
//   S: 220 2.0.0 Ready to start TLS.
#include "common/net/tls.h"
#include "smtpd/commands/table.h"

namespace tayori::smtp {

inline constexpr net::Duration kHandshakeMax = std::chrono::seconds(30);

Async<void> cmd_starttls(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "STARTTLS takes no argument.");
    auto& parts = session.parts();
    if (parts.tls == nullptr || session.conn().is_tls()) {
        co_await session.reply(503, "5.5.1", session.conn().is_tls() ? "TLS is on already." : "TLS is not offered.");
        co_return;
    }
    co_await session.reply(220, "2.0.0", "Ready to start TLS.");
    // Bytes behind the command end the connection: they came in the clear, from anybody (RFC 3207 §4.2).
    co_await session.conn().start_tls(*parts.tls, net::TlsStart::upgrade, parts.loop.in(kHandshakeMax));
    session.reset_envelope();
    session.helo().clear();
    session.esmtp() = false;
}

}  // namespace tayori::smtp
