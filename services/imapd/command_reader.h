// Reads one command off the connection: its lines, and the literals between them, within limits.
#pragma once

#include <optional>
#include <string>

#include "common/net/conn.h"
#include "imapd/grammar/args.h"
#include "imapd/replies.h"

namespace tayori::imap {

struct ReadLimits {
    std::size_t command_bytes;  // lines and literals together
    std::size_t literal_bytes;  // of one literal
    std::size_t
        unasked_bytes;  // of a literal that does not wait for us (RFC 7888 §5: 4096 for LITERAL-)
    bool takes_messages;  // APPEND's message is left on the connection
};

struct Command {
    std::string tag;   // "*" when the client's can't be used
    std::string name;  // upper case: "FETCH", "UID FETCH"
    std::string arguments;
    std::optional<LiteralHeader> message;  // of APPEND: bytes that are still to be read
    std::optional<Reply> refusal;          // why it is not a command at all
    bool hopeless = false;                 // nothing more can be read: BYE
};

// Errors are the connection's.
Async<Command> read_command(net::Conn& conn, ReadLimits limits, net::Deadline deadline);

// Appends one line without its end, at most `room` bytes; what is longer is dropped and makes it false.
Async<bool> read_line_into(net::Conn& conn, std::string& text, std::size_t room, net::Deadline deadline);
// Reads what stands behind a command's last argument, to the command's true end: literals that did not wait for us are
// dropped with it, so that the text of a mail never becomes commands. False if there was anything.
Async<bool> read_end_of_command(net::Conn& conn, net::Deadline deadline);
// Reads and drops. Every piece has to come within `stall`.
Async<void> skip_bytes(net::Conn& conn, std::uint64_t bytes, net::Duration stall);

}  // namespace tayori::imap
