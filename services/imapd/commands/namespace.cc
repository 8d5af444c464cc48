// NAMESPACE (RFC 2342): one personal namespace, nothing shared.
//
//   C: a1 NAMESPACE
//   S: * NAMESPACE (("" "/")) NIL NIL
//   S: a1 OK NAMESPACE completed
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_namespace(Session& session, Args args) {
    co_await args.end();
    co_await session.conn().write("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    co_return Reply::ok("NAMESPACE completed");
}

}  // namespace tayori::imap
