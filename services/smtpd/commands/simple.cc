// RSET, NOOP, VRFY, HELP and QUIT (RFC 5321 §4.1.1.5 to §4.1.1.10)
//
//   C: VRFY alice
//   S: 252 2.1.5 Send some mail, I'll try my best.
#include "common/base/text.h"
#include "smtpd/commands/table.h"
#include "smtpd/text.h"

namespace tayori::smtp {

Async<void> cmd_rset(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "RSET takes no argument.");
    session.reset_envelope();
    co_await session.reply(250, "2.0.0", "Forgotten.");
}

// A string after NOOP is ignored (RFC 5321 §4.1.1.9).
Async<void> cmd_noop(Session& session, std::string argument) {
    argument.clear();
    co_await session.reply(250, "2.0.0", "Ok.");
}

// Not telling who exists is allowed (RFC 5321 §7.3); RCPT tells when it matters.
Async<void> cmd_vrfy(Session& session, std::string argument) {
    if (argument.empty()) co_await fail(Kind::invalid, "Syntax: VRFY address");
    co_await session.reply(252, "2.1.5", "Send some mail, I'll try my best.");
}

Async<void> cmd_help(Session& session, std::string argument) {
    argument.clear();
    co_await session.reply(214, "2.0.0",
                           "Commands: EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT\n"
                           "Mail to other sites is taken on ports 587 and 465, after AUTH.");
}

Async<void> cmd_quit(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "QUIT takes no argument.");
    session.end();
    co_await session.reply(221, "2.0.0", cat(session.parts().hostname, " closing connection."));
}

}  // namespace tayori::smtp
