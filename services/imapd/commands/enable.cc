// ENABLE (RFC 5161)
//
//   C: a1 ENABLE CONDSTORE
//   S: * ENABLED CONDSTORE
//   S: a1 OK ENABLE completed
#include "common/base/text.h"
#include "imapd/commands/table.h"

namespace tayori::imap {

Async<Reply> cmd_enable(Session& session, Args args) {
    bool condstore = false;
    do {
        const auto name = co_await args.atom();
        // What we don't know or can't enable is passed over (RFC 5161 §3.1).
        condstore = condstore || equals_ignoring_case(name, "CONDSTORE");
    } while (args.more());
    const bool news = condstore && !session.condstore();
    std::string enabled = news ? "* ENABLED CONDSTORE\r\n" : "* ENABLED\r\n";
    co_await session.conn().write(std::move(enabled));
    if (condstore) session.enable_condstore();
    co_return Reply::ok("ENABLE completed");
}

}  // namespace tayori::imap
