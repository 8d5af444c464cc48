// DATA (RFC 5321 §4.1.1.4)
//
//   C: DATA
//   S: 354 Go ahead.
//   C: ...
//   C: .
//   S: 250 2.0.0 Stored as 5d41402abc4b2a76.
#include "smtpd/commands/table.h"
#include "smtpd/deliver.h"

namespace tayori::smtp {

Async<void> cmd_data(Session& session, std::string argument) {
    if (!argument.empty()) {
        session.count_bad_command();
        co_await session.reply(501, "5.5.4", "DATA takes no argument.");
        co_return;
    }
    if (session.envelope().recipients.empty() || session.bdat_text() != nullptr) {
        co_await session.reply(503, "5.5.1", session.bdat_text() ? "BDAT has begun: DATA cannot follow (RFC 3030)."
                                                                 : "No valid recipients.");
        co_return;
    }
    co_await session.reply(354, "", "Go ahead; end with <CR><LF>.<CR><LF>");
    session.answer_each_recipient();
    auto& conn = session.conn();
    auto& parts = session.parts();
    auto text = make_text(session);
    DataReader reader(session.newline_policy());
    std::optional<Error> trouble;  // ours; the client is told when it has said all
    for (auto state = DataReader::State::more; state != DataReader::State::done;) {
        if (conn.buffered().empty()) co_await conn.fill(parts.loop.in(parts.data_timeout));
        std::size_t consumed = 0;
        state = reader.feed(conn.buffered(), text->buffer(), consumed);
        conn.consume(consumed);
        if (state == DataReader::State::bare_newline) {
            // Closed at once: what follows may be a smuggled transaction.
            session.end();
            co_await session.reply(521, "5.5.2", "Bare <LF> or <CR> received: lines end with <CR><LF>.");
            co_return;
        }
        auto settled = co_await text->settle().result();
        if (!settled) {
            text->spoil();
            if (!trouble) trouble = std::move(settled.error());
        }
    }
    if (trouble) {
        session.reset_envelope();
        co_await fail(std::move(*trouble));
    }
    co_await deliver(session, std::move(text));
}

}  // namespace tayori::smtp
