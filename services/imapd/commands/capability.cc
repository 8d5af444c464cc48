// CAPABILITY (RFC 3501 §6.1.1)
//
//   C: a1 CAPABILITY
//   S: * CAPABILITY IMAP4rev1 LITERAL- ...
//   S: a1 OK CAPABILITY completed
#include "common/base/text.h"
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_capability(Session& session, Args args) {
    co_await args.end();
    co_await session.conn().write(cat("* CAPABILITY ", session.capabilities(), "\r\n"));
    co_return Reply::ok("CAPABILITY completed");
}

}  // namespace tayori::imap
