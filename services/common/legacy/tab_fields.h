// Bytes that may be no text, as text that stays distinguishable, for fields of our own tab-separated files: control characters,
// "%" and what is no UTF-8 are written as "%XX".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tayori::legacy {

std::string escape_field(std::string_view bytes);
// Nothing where a "%" is not followed by two hexadecimal digits.
std::optional<std::string> unescape_field(std::string_view text);

}  // namespace tayori::legacy
