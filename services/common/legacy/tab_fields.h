// Fields of our own tab-separated files: "%XX" stands for TAB, CR, LF and "%".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tayori::legacy {

std::string escape_field(std::string_view text);
// Nothing where a "%" is not followed by two hexadecimal digits.
std::optional<std::string> unescape_field(std::string_view text);

}  // namespace tayori::legacy
