// DELETE (RFC 3501 §6.3.4)
//
//   C: a1 DELETE blurdybloop
//   S: a1 OK DELETE completed
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_delete(Session& session, Args args) {
    auto mailbox = co_await args.mailbox();
    co_await args.end();
    v1::DeleteFolder request;
    request.set_name(std::move(mailbox));
    co_await session.call(std::move(request));
    co_return Reply::ok("DELETE completed");
}

}  // namespace tayori::imap
