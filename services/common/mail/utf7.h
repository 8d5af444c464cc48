// IMAP's modified UTF-7 (RFC 3501 §5.1.3), strict in both directions: every name has one spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tayori::mail {

// Nothing for text that is not the one right encoding: 8-bit, "&" without "-", encoded ASCII, lone
// surrogates, bits left over, or two encoded runs where one would do.
std::optional<std::string> utf7_to_utf8(std::string_view text);
// Nothing for text that is not UTF-8.
std::optional<std::string> utf8_to_utf7(std::string_view utf8);

}  // namespace tayori::mail
