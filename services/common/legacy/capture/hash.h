// The hash by which a captured mail is found again.
#pragma once

#include <string>
#include <string_view>

namespace tayori::legacy {

// SHA-256 in hexadecimal of a message with CRLF line ends, without X-UIDL, Status and X-Status,
// which servers add while they hand it out, and with a final line end, which POP3 adds where there
// is none.
std::string capture_hash(std::string_view message);

}  // namespace tayori::legacy
