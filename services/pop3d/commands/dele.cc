// DELE, RSET, NOOP and QUIT (RFC 1939 §5, §6)
//
//   C: DELE 1
//   S: +OK Message 1 deleted.
//   C: QUIT
//   S: +OK Bye.
#include "common/base/text.h"
#include "pop3d/commands/table.h"
#include "pop3d/hooks.h"
#include "pop3d/replies.h"

namespace tayori::pop3 {

Async<void> cmd_dele(Session& session, std::string argument) {
    const auto number = co_await parse_message_number(argument);
    co_await session.drop()->mark_deleted(number);
    co_await session.conn().write(cat("+OK Message ", number, " deleted.\r\n"));
}

Async<void> cmd_rset(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "RSET takes no argument.");
    session.drop()->unmark_all();
    co_await session.conn().write("+OK\r\n");
}

Async<void> cmd_noop(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "NOOP takes no argument.");
    co_await session.conn().write("+OK\r\n");
}

Async<void> cmd_quit(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "QUIT takes no argument.");
    session.end();
    // Only QUIT brings the UPDATE state. All that was marked is removed, or nothing, and the client is told which.
    if (session.drop()) {
        auto decided = co_await run_expunge_hook(session).result();
        if (!decided || decided->refusal) {
            // Nothing is removed: the maildrop is given back as it was.
            session.drop().reset();
            auto said = decided ? std::move(*decided->refusal) : error_reply(decided.error());
            co_await session.conn().write(std::move(said));
            co_return;
        }
        auto removed = co_await session.drop()->commit(std::move(decided->removed)).result();
        session.drop().reset();
        if (!removed) {
            co_await session.conn().write("-ERR [SYS/TEMP] Deleted messages could not be removed, try again.\r\n");
            co_return;
        }
    }
    co_await session.conn().write("+OK Bye.\r\n");
}

}  // namespace tayori::pop3
