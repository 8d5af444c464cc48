// CAPA (RFC 2449 §5)
//
//   C: CAPA
//   S: +OK
//   S: TOP
//   S: ...
//   S: .
#include "common/base/text.h"
#include "pop3d/commands/table.h"

namespace tayori::pop3 {

Async<void> cmd_capa(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "CAPA takes no argument.");
    std::string text = "+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n";
    if (!session.drop()) {
        if (session.parts().tls != nullptr && !session.conn().is_tls()) text += "STLS\r\n";
        if (session.may_log_in()) {
            text += "USER\r\nSASL";
            for (auto mechanism : sasl::kMechanisms) append(text, " ", mechanism);
            text += "\r\n";
        }
    }
    text += "IMPLEMENTATION Tayori\r\n.\r\n";
    co_await session.conn().write(std::move(text));
}

}  // namespace tayori::pop3
