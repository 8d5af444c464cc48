// BDAT (RFC 3030 §2, §3)
//
//   C: BDAT 86 LAST
//   C: ... 86 octets ...
//   S: 250 2.0.0 Stored as 5d41402abc4b2a76.
#include "common/base/text.h"
#include "smtpd/commands/table.h"
#include "smtpd/deliver.h"
#include "smtpd/grammar/newline_filter.h"

namespace tayori::smtp {
namespace {

// Why the chunk can't be used; an empty text if it can. Its octets come all the same (RFC 3030 §2).
std::string bdat_refusal(Session& session) {
    if (session.envelope().recipients.empty()) return reply(503, "5.5.1", "No valid recipients.");
    return {};
}

Async<void> discard(Session& session, std::uint64_t bytes) {
    auto& conn = session.conn();
    while (bytes > 0) {
        if (conn.buffered().empty()) co_await conn.fill(session.parts().loop.in(session.parts().data_timeout));
        const auto take = std::min<std::uint64_t>(bytes, conn.buffered().size());
        conn.consume(take);
        bytes -= take;
    }
}

// Reads the octets of one chunk into the text.
Async<void> read_chunk(Session& session, Text& text, NewlineFilter& filter, std::uint64_t bytes) {
    auto& conn = session.conn();
    while (bytes > 0) {
        if (conn.buffered().empty()) co_await conn.fill(session.parts().loop.in(session.parts().data_timeout));
        const auto take = std::min<std::uint64_t>(bytes, conn.buffered().size());
        filter.feed(conn.buffered().substr(0, take), text.buffer());
        conn.consume(take);
        bytes -= take;
        auto settled = co_await text.settle().result();
        if (!settled) text.spoil();
    }
}

}  // namespace

Async<void> cmd_bdat(Session& session, std::string argument) {
    const auto chunk = parse_bdat(argument);
    if (!chunk) {
        // Where the next command begins is unknown now.
        session.end();
        co_await session.reply(501, "5.5.4", chunk.error().text);
        co_return;
    }
    auto no = bdat_refusal(session);
    if (!no.empty()) {
        co_await discard(session, chunk->bytes);
        co_await session.conn().write(std::move(no));
        co_return;
    }
    if (chunk->last) session.answer_each_recipient();
    auto& text = session.bdat_text();
    if (!text) {
        text = make_text(session);
        session.bdat_filter() = NewlineFilter(session.newline_policy());
    }
    auto& filter = session.bdat_filter();
    co_await read_chunk(session, *text, filter, chunk->bytes);
    if (chunk->last) filter.finish(text->buffer());
    if (filter.refused()) {
        session.reset_envelope();
        co_await session.reply(554, "5.6.0", "Bare <LF> or <CR> in the message: lines end with <CR><LF>.");
        co_return;
    }
    if (text->spoiled() || text->too_big()) {
        const bool too_big = text->too_big();
        session.reset_envelope();
        if (too_big)
            co_await session.reply(552, "5.3.4",
                                   cat("Message too big: at most ", session.parts().message_bytes_max, " octets."));
        else co_await session.reply(451, "4.3.0", "Temporary trouble, try again.");
        co_return;
    }
    if (!chunk->last) {
        co_await session.reply(250, "2.0.0", cat(chunk->bytes, " octets received."));
        co_return;
    }
    auto whole = std::move(text);
    co_await deliver(session, std::move(whole));
}

}  // namespace tayori::smtp
