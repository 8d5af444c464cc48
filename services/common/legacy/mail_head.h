// What the first bytes of a mail tell: all that load() reads of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/tree.h"
#include "common/mail/date.h"

namespace tayori::legacy {

inline constexpr std::uint64_t kHeadBytes = 8 * 1024;
inline constexpr std::uint64_t kTailBytes = 8;                      // enough for CRLF "." CRLF
inline constexpr std::int64_t kMtimeTrustedSeconds = 24 * 60 * 60;  // from the topmost Received

enum class HeadState : std::uint8_t {
    whole,  // the blank line behind the header was seen, or the header goes on beyond what was read
    cut_off,     // the file ends within its header: perhaps it was being written
    no_header,   // the first line is no field
    empty,       // no byte, or nothing but NUL
    obfuscated,  // the first byte is 0xFF
};

struct MailHead {
    HeadState state = HeadState::empty;
    std::string b_id;  // of E-Post: "B0001589565" in the topmost Received, in capitals; or empty
    std::string message_id;
    std::optional<mail::MailDate> received;  // of the topmost Received
    std::optional<mail::MailDate> date;      // of Date
    std::string fingerprint;     // of the header: the same wherever the mail is copied to
    bool maybe_stuffed = false;  // is_dot_stuffed(), as far as head and tail of a long file tell
};

// Of the file's first bytes, at most kHeadBytes; `file_bytes` is the file's size.
MailHead parse_head(std::string_view head, std::uint64_t file_bytes);
// The same of a file, which is opened once. Errors are the tree's.
Result<MailHead> read_head(const Tree& tree, std::string_view path, std::uint64_t file_bytes);
// "B0001589565" in "B0001589565.MSG" or in a Received field; capitals. Or "".
std::string find_b_id(std::string_view text);

// INTERNALDATE where nothing stored it: the file's mtime if it is within a day of the topmost
// Received, else that; without a Received Date, else the mtime.
void choose_internal_date(Mail& mail, std::int64_t mtime_s, const MailHead& head);

// Is the text stuffed as EMWAC's incoming spool: its last line is "." and every line that starts
// with a dot starts with two?
bool is_dot_stuffed(std::string_view bytes);

// RFC 3339 §5.6, as captures and our own forms have it.
std::optional<mail::MailDate> parse_rfc3339(std::string_view text);
std::string format_rfc3339(const mail::MailDate& date);

}  // namespace tayori::legacy
