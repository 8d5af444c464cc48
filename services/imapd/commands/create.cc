// CREATE (RFC 3501 §6.3.3)
//
//   C: a1 CREATE owatagusiam/blurdybloop
//   S: a1 OK CREATE completed
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_create(Session& session, Args args) {
    auto mailbox = co_await args.mailbox();
    co_await args.end();
    v1::CreateFolder request;
    request.set_name(std::move(mailbox));
    co_await session.call(std::move(request));
    co_return Reply::ok("CREATE completed");
}

}  // namespace tayori::imap
