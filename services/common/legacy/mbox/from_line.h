// The line that begins a mail in an mbox.
#pragma once

#include <optional>
#include <string_view>

#include "common/mail/date.h"

namespace tayori::legacy::mbox {

// "From sender Thu Jan  1 00:00:00 1970", also with a zone before or behind the year (without one it is UTC), without seconds,
// with blanks in the sender, or "-" for it. Nothing for a line that only begins with "From ".
std::optional<mail::MailDate> parse_from_line(std::string_view line);

// ">From ", ">>From " …: how many ">" there are; 0 for other lines.
std::size_t quotes_of_from(std::string_view line);

}  // namespace tayori::legacy::mbox
