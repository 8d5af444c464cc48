// STATUS (RFC 3501 §6.3.10)
//
//   C: a1 STATUS INBOX (MESSAGES UNSEEN)
//   S: * STATUS INBOX (MESSAGES 231 UNSEEN 3)
//   S: a1 OK STATUS completed
#include "imapd/status.h"

#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_status(Session& session, Args args) {
    auto mailbox = co_await args.mailbox();
    const auto items = co_await args.parse(parse_status_items);
    co_await args.end();

    if (items.highest_modseq) session.enable_condstore();  // RFC 7162 §3.1
    v1::GetFolder request;
    request.set_name(std::move(mailbox));
    const auto found = co_await session.call(std::move(request));
    if (!found.folder().selectable())
        co_await fail(Kind::unsupported, "This is only a level of the hierarchy.");
    std::string out;
    co_await append_status(session, out, found.folder(), items);
    co_await session.conn().write(std::move(out));
    co_return Reply::ok("STATUS completed");
}

}  // namespace tayori::imap
