// RENAME (RFC 3501 §6.3.5)
//
//   C: a1 RENAME blurdybloop sarasoop
//   S: a1 OK RENAME completed
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_rename(Session& session, Args args) {
    auto from = co_await args.mailbox();
    auto to = co_await args.mailbox();
    co_await args.end();
    v1::RenameFolder request;
    request.set_from(std::move(from));
    request.set_to(std::move(to));
    co_await session.call(std::move(request));
    co_return Reply::ok("RENAME completed");
}

}  // namespace tayori::imap
