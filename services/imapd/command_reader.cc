#include "imapd/command_reader.h"

#include <algorithm>

#include "common/base/text.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

std::string_view tag_of(std::string_view text) {
    const auto tag = text.substr(0, std::min(text.find(' '), kTagBytesMax + 1));
    const bool good =
        !tag.empty() && tag.size() <= kTagBytesMax &&
        std::all_of(tag.begin(), tag.end(), [](char c) { return c != '+' && is_astring_char(c); });
    return good ? tag : std::string_view();
}

// Splits "a1 UID FETCH 1 FLAGS" into tag, "UID FETCH" and " 1 FLAGS".
void split(std::string text, Command& command) {
    const auto tag = tag_of(text);
    if (tag.empty()) {
        command.refusal = Reply::bad("Missing or wrong tag.");
        return;
    }
    command.tag = std::string(tag);
    std::size_t at = tag.size();
    for (int words = 0; words < 2; ++words) {
        if (at >= text.size() || text[at] != ' ') break;
        const auto end = std::min(text.find(' ', at + 1), text.size());
        const auto word = std::string_view(text).substr(at + 1, end - at - 1);
        if (words > 0) command.name.push_back(' ');
        command.name.append(to_upper(word));
        at = end;
        if (command.name != "UID") break;
    }
    if (command.name.empty()) command.refusal = Reply::bad("Missing command.");
    command.arguments = text.substr(at);
}

// "a1 APPEND INBOX {310}": the literal is the message unless it stands first, as the mailbox.
bool is_message(std::string_view text, std::size_t literal_at) {
    const auto tag = tag_of(text);
    constexpr std::string_view kAppend = " APPEND ";
    const auto rest = text.substr(tag.size());
    if (tag.empty() || !equals_ignoring_case(rest.substr(0, kAppend.size()), kAppend)) return false;
    return literal_at > tag.size() + kAppend.size();
}

struct Reading {
    std::string text;
    std::size_t literals = 0;
    bool dropping = false;  // over a limit: what comes is read and forgotten
};

// Makes the command a refusal and frees what was read of it.
void drop(Reading& reading, Command& command, std::string why) {
    if (!command.refusal) {
        const auto tag = tag_of(reading.text);
        if (!tag.empty()) command.tag = std::string(tag);
        command.refusal = Reply::bad(std::move(why));
        command.refusal->code = "TOOBIG";
    }
    reading.dropping = true;
    reading.text = std::string();
}

Async<void> read_literal(net::Conn& conn, Reading& reading, std::size_t bytes, bool waits,
                         net::Deadline deadline) {
    if (waits) co_await conn.write("+ OK\r\n");
    reading.text.append("\r\n");
    auto literal = co_await conn.read_exact(bytes, deadline);
    reading.text.append(literal);
    ++reading.literals;
}

}  // namespace

Async<bool> read_line_into(net::Conn& conn, std::string& text, std::size_t room,
                           net::Deadline deadline) {
    const auto begin = text.size();
    std::size_t dropped = 0;
    for (;;) {
        const auto view = conn.buffered();
        const auto lf = view.find('\n');
        const auto line = view.substr(0, lf);
        const auto taken =
            std::min(line.size(), room + 1 - std::min(text.size() - begin, room + 1));
        text.append(line.substr(0, taken));
        dropped += line.size() - taken;
        conn.consume(lf == view.npos ? view.size() : lf + 1);
        if (lf != view.npos) break;
        if (dropped > kLineDiscardMax)
            co_await fail(Kind::closed, "Line too long.", "a line without an end");
        co_await conn.fill(deadline);
    }
    if (text.size() > begin && text.back() == '\r') text.pop_back();
    co_return dropped == 0 && text.size() - begin <= room;
}

Async<void> skip_bytes(net::Conn& conn, std::uint64_t bytes, net::Duration stall) {
    for (;;) {
        const auto piece = std::min<std::uint64_t>(conn.buffered().size(), bytes);
        conn.consume(static_cast<std::size_t>(piece));
        bytes -= piece;
        if (bytes == 0) co_return;
        co_await conn.fill(conn.loop().in(stall));
    }
}

Async<bool> read_end_of_command(net::Conn& conn, net::Deadline deadline) {
    bool nothing = true;
    std::uint64_t dropped = 0;
    for (;;) {
        std::string rest;
        const bool whole = co_await read_line_into(conn, rest, kTagBytesMax, deadline);
        nothing = nothing && whole && rest.empty();
        const auto literal = literal_at_end(rest);
        if (!literal || literal->waits) co_return nothing;
        dropped += literal->bytes;
        if (dropped > kLineDiscardMax) co_await fail(Kind::closed, "Too much to drop.", "a literal behind a command");
        co_await skip_bytes(conn, literal->bytes, kCommandTime);
    }
}

Async<Command> read_command(net::Conn& conn, ReadLimits limits, net::Deadline deadline) {
    Command command;
    command.tag = "*";
    Reading reading;
    for (;;) {
        const auto line_at = reading.text.size();
        const auto room =
            reading.dropping ? 0 : limits.command_bytes - std::min(line_at, limits.command_bytes);
        const bool whole = co_await read_line_into(conn, reading.text, room, deadline);
        // A line that was cut may still end in a literal that does not wait, but only a peer who
        // means harm sends that.
        if (!whole && !reading.dropping) drop(reading, command, "Command too long.");
        const auto literal = literal_at_end(
            std::string_view(reading.text).substr(std::min(line_at, reading.text.size())));
        if (!literal) break;
        const auto literal_at = reading.text.rfind('{');
        if (!reading.dropping && limits.takes_messages && is_message(reading.text, literal_at)) {
            command.message = literal;
            reading.text.resize(literal_at);
            break;
        }
        const auto most = literal->waits ? limits.literal_bytes
                                         : std::min(limits.literal_bytes, limits.unasked_bytes);
        const bool fits = literal->bytes <= most && reading.literals < kLiteralsMax &&
                          reading.text.size() + literal->bytes <= limits.command_bytes;
        if (!fits || reading.dropping) {
            drop(reading, command, "Literal too long.");
            if (literal->waits) break;  // our answer tells the client to keep it (RFC 3501 §7.5)
            command.hopeless = literal->bytes > kLineDiscardMax;
            if (command.hopeless) break;
            co_await skip_bytes(conn, literal->bytes, kCommandTime);
            continue;
        }
        co_await read_literal(conn, reading, static_cast<std::size_t>(literal->bytes),
                              literal->waits, deadline);
    }
    if (!command.refusal) split(std::move(reading.text), command);
    co_return command;
}

}  // namespace tayori::imap
