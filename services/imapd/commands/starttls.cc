// STARTTLS (RFC 3501 §6.2.1)
//
//   C: a1 STARTTLS
//   S: a1 OK Begin TLS negotiation now
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_starttls(Session& session, Args args) {
    co_await args.end();
    if (session.conn().is_tls()) co_return Reply::bad("TLS is on already.");
    if (session.parts().tls == nullptr) co_return Reply::no("UNAVAILABLE", "TLS is not available.");
    // The session begins it behind our line; what was sent in plain text before that ends the
    // connection.
    session.tls_wanted();
    co_return Reply::ok("Begin TLS negotiation now");
}

}  // namespace tayori::imap
