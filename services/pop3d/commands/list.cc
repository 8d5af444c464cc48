// STAT, LIST and UIDL (RFC 1939 §5, §7)
//
//   C: LIST
//   S: +OK 2 messages (320 octets)
//   S: 1 120
//   S: 2 200
//   S: .
#include "common/base/text.h"
#include "pop3d/commands/table.h"

namespace tayori::pop3 {
namespace {

using Column = void (*)(const Message&, std::string& out);

void size_of(const Message& message, std::string& out) { append(out, message.bytes); }
void uidl_of(const Message& message, std::string& out) { append(out, message.uidl); }

Async<void> list(Session& session, std::string argument, Column column) {
    const auto& drop = *session.drop();
    std::string text;
    if (!trim(argument).empty()) {
        const auto number = co_await parse_message_number(argument);
        const auto* message = co_await drop.find(number);
        append(text, "+OK ", number, " ");
        column(*message, text);
        text += "\r\n";
    } else {
        append(text, "+OK ", drop.count(), " messages (", drop.bytes(), " octets)\r\n");
        std::size_t number = 0;
        for (const auto& message : drop.messages()) {
            ++number;
            if (message.deleted) continue;
            append(text, number, " ");
            column(message, text);
            text += "\r\n";
        }
        text += ".\r\n";
    }
    co_await session.conn().write(std::move(text));
}

}  // namespace

Async<void> cmd_stat(Session& session, std::string argument) {
    if (!argument.empty()) co_await fail(Kind::invalid, "STAT takes no argument.");
    co_await session.conn().write(cat("+OK ", session.drop()->count(), " ", session.drop()->bytes(), "\r\n"));
}

Async<void> cmd_list(Session& session, std::string argument) {
    return list(session, std::move(argument), size_of);
}

Async<void> cmd_uidl(Session& session, std::string argument) {
    return list(session, std::move(argument), uidl_of);
}

}  // namespace tayori::pop3
