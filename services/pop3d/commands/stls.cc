// STLS (RFC 2595 §4)
//
//   C: STLS
//   S: +OK Begin TLS.
#include "common/net/tls.h"
#include "pop3d/commands/table.h"

namespace tayori::pop3 {

inline constexpr net::Duration kHandshakeMax = std::chrono::seconds(30);

Async<void> cmd_stls(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "STLS takes no argument.");
    auto& parts = session.parts();
    if (session.conn().is_tls()) co_await fail(Kind::invalid, "TLS is on already.");
    if (parts.tls == nullptr) co_await fail(Kind::unsupported, "TLS is not offered.");
    co_await session.conn().write("+OK Begin TLS.\r\n");
    co_await session.conn().start_tls(*parts.tls, net::TlsStart::upgrade, parts.loop.in(kHandshakeMax));
    session.user().clear();  // what was learnt in the clear is forgotten
}

}  // namespace tayori::pop3
