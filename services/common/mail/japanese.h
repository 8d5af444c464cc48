// The Japanese charsets, through one table: code page 932's rows 1-120, and JIS X 0212. For
// charset.cc.
#pragma once

#include <string>
#include <string_view>

namespace tayori::mail::japanese {

enum class Encoding { iso_2022_jp, shift_jis, euc_jp };

// Appends UTF-8; what isn't in the table becomes U+FFFD. Gives the number of those.
std::size_t decode(std::string_view bytes, Encoding encoding, std::string& out);

}  // namespace tayori::mail::japanese
