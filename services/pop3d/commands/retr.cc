// RETR and TOP (RFC 1939 §5, §7)
//
//   C: RETR 1
//   S: +OK 120 octets
//   S: ...
//   S: .
#include "common/base/text.h"
#include "pop3d/commands/table.h"
#include "pop3d/grammar/stuffing.h"

namespace tayori::pop3 {
namespace {

// The first piece is read before +OK is said, so that trouble can still be told. Later trouble ends the connection:
// a client must not take half a mail for a whole one.
Async<std::string> first_piece(Maildrop& drop, std::uint32_t number) {
    drop.begin(number);
    auto piece = co_await drop.piece();
    co_return piece ? std::move(*piece) : std::string();
}

Async<std::optional<std::string>> next_piece(Maildrop& drop) {
    auto piece = co_await drop.piece().result();
    if (!piece) co_await fail(Kind::closed, "The message could not be read to its end.", piece.error().text);
    co_return std::move(*piece);
}

}  // namespace

Async<void> cmd_retr(Session& session, std::string argument) {
    auto& drop = *session.drop();
    const auto number = co_await parse_message_number(argument);
    const auto* message = co_await drop.find(number);
    std::optional<std::string> piece = co_await first_piece(drop, number);
    DotStuffer stuffer;
    std::string out = cat("+OK ", message->bytes, " octets\r\n");
    while (piece) {
        stuffer.feed(*piece, out);
        co_await session.conn().write(std::exchange(out, {}));
        piece = co_await next_piece(drop);
    }
    stuffer.finish(out);
    co_await session.conn().write(std::move(out));
}

Async<void> cmd_top(Session& session, std::string argument) {
    auto& drop = *session.drop();
    const auto top = co_await parse_top(argument);
    co_await drop.find(top.message);
    std::optional<std::string> piece = co_await first_piece(drop, top.message);
    DotStuffer stuffer;
    TopCutter cutter(top.lines);
    std::string out = "+OK\r\n";
    while (piece) {
        stuffer.feed(cutter.take(*piece), out);
        if (cutter.done()) break;
        co_await session.conn().write(std::exchange(out, {}));
        piece = co_await next_piece(drop);
    }
    stuffer.finish(out);
    co_await session.conn().write(std::move(out));
}

}  // namespace tayori::pop3
