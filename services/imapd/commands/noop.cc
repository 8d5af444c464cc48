// NOOP and CHECK (RFC 3501 §6.1.2, §6.4.1): the news come with every command's end, and all is
// durable at any time.
//
//   C: a1 NOOP
//   S: * 23 EXISTS
//   S: a1 OK NOOP completed
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_noop(Session&, Args args) {
    co_await args.end();
    co_return Reply::ok("NOOP completed");
}

Async<Reply> cmd_check(Session&, Args args) {
    co_await args.end();
    co_return Reply::ok("CHECK completed");
}

}  // namespace tayori::imap
