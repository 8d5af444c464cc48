// The Japanese charsets, through one table: code page 932's rows 1-120, and JIS X 0212. For
// charset.cc, and for mails that are written here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tayori::mail::japanese {

enum class Encoding { iso_2022_jp, shift_jis, euc_jp };

// Appends UTF-8; what isn't in the table becomes U+FFFD. Gives the number of those.
std::size_t decode(std::string_view bytes, Encoding encoding, std::string& out);

// Valid UTF-8 as ISO-2022-JP (RFC 1468), in ASCII at its end and at each line's; half-width kana become full-width ones. Nothing where
// a character is not in ASCII or JIS X 0208: the circled numbers and the like of Windows are not.
std::optional<std::string> encode_iso_2022_jp(std::string_view utf8);

}  // namespace tayori::mail::japanese
