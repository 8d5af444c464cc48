// IDLE (RFC 2177)
//
//   C: a1 IDLE
//   S: + idling
//   S: * 4 EXISTS
//   C: DONE
//   S: a1 OK IDLE completed
#include "common/base/text.h"
#include "imapd/commands/table.h"

namespace tayori::imap {
namespace {

constexpr std::size_t kDoneBytesMax = 16;

// Until a byte can be read, or the session has to leave. News are told as they come.
Async<void> watch(Session& session, net::Deadline until) {
    auto& loop = session.parts().loop;
    for (;;) {
        const bool news =
            session.has_view() && (session.view().has_news() || session.view().has_expunges());
        if (news) co_await session.tell_news(session.rules(Expunges::told));
        if (session.must_leave()) co_return;
        const auto next = std::min(until, loop.in(session.parts().keep_alive));
        const auto wake = co_await session.conn().wait_readable_or(session.wake_event(), next);
        if (wake == net::Wake::readable) co_return;
        if (wake == net::Wake::notified) continue;
        if (loop.now() >= until) {
            session.conn().put(bye("Autologout: idle for too long."));
            co_await fail(Kind::closed, "Autologout.");
        }
        // Keeps the connection alive in routers and tells us when the client is gone.
        session.conn().put("* OK Still here\r\n");
    }
}

}  // namespace

Async<Reply> cmd_idle(Session& session, Args args) {
    co_await args.end();
    co_await session.conn().write("+ idling\r\n");
    co_await watch(session, session.idle_deadline());
    if (session.must_leave()) {
        session.say_goodbye();
        co_await fail(Kind::closed, "Closed by the server.");
    }
    std::string line;
    const auto deadline = session.idle_deadline();
    const bool whole = co_await read_line_into(session.conn(), line, kDoneBytesMax, deadline);
    if (!whole || !equals_ignoring_case(line, "DONE")) co_return Reply::bad("DONE expected.");
    co_return Reply::ok("IDLE completed");
}

}  // namespace tayori::imap
