// LOGOUT (RFC 3501 §6.1.3)
//
//   C: a1 LOGOUT
//   S: * BYE Logging out
//   S: a1 OK LOGOUT completed
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_logout(Session& session, Args args) {
    co_await args.end();
    session.unselect();
    session.log_out();
    co_await session.conn().write(bye("Logging out"));
    co_return Reply::ok("LOGOUT completed");
}

}  // namespace tayori::imap
