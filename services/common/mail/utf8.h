// UTF-8, by hand, where ICU would be a detour.
#pragma once

#include <string>
#include <string_view>

namespace tayori::mail {

void append_utf8(std::string& out, char32_t c);
// The code point at the head of valid UTF-8, which is moved behind it.
char32_t take_code_point(std::string_view& utf8);
// Bytes of the well-formed sequence at text[at]; 0 if there is none.
std::size_t utf8_sequence(std::string_view text, std::size_t at);
// Every byte that belongs to no well-formed sequence becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);
// At most `bytes_max` bytes, not cutting a character.
std::string_view clip_utf8(std::string_view utf8, std::size_t bytes_max);

}  // namespace tayori::mail
