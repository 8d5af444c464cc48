// SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.6, §6.3.7)
//
//   C: a1 SUBSCRIBE lists/cpp
//   S: a1 OK SUBSCRIBE completed
#include "imapd/commands/table.h"

namespace tayori::imap {
namespace {

// No check that the mailbox exists: a subscription outlives its mailbox, and the server should not
// drop it on its own.
Async<void> set_subscribed(Session& session, Args args, bool subscribed) {
    auto mailbox = co_await args.mailbox();
    co_await args.end();
    v1::SetSubscribed request;
    request.set_name(std::move(mailbox));
    request.set_subscribed(subscribed);
    co_await session.call(std::move(request));
}

}  // namespace

Async<Reply> cmd_subscribe(Session& session, Args args) {
    co_await set_subscribed(session, std::move(args), true);
    co_return Reply::ok("SUBSCRIBE completed");
}

Async<Reply> cmd_unsubscribe(Session& session, Args args) {
    co_await set_subscribed(session, std::move(args), false);
    co_return Reply::ok("UNSUBSCRIBE completed");
}

}  // namespace tayori::imap
