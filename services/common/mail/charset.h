// Text of any charset as UTF-8, and UTF-8 as it is compared.
//
// The Japanese charsets are read as the mail programs of their time wrote them: ISO-2022-JP with
// half-width kana and NEC and IBM extensions, Shift_JIS as Windows' code page 932, EUC-JP likewise;
// all three through one table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tayori::mail {

bool is_ascii(std::string_view text);
bool is_valid_utf8(std::string_view text);  // RFC 3629: no surrogates, nothing overlong

bool knows_charset(std::string_view label);
// Never fails: what can't be read becomes U+FFFD; with an unknown or empty label the charset is
// guessed. A label that is plainly wrong (us-ascii over 8-bit text) is guessed over too.
std::string to_utf8(std::string_view bytes, std::string_view label);
// For SEARCH: nothing when the charset is unknown or the bytes are not of it.
std::optional<std::string> to_utf8_strict(std::string_view bytes, std::string_view label);
// Text without a label: UTF-8 if it is, ISO-2022-JP if it has its escapes, else cp932 or EUC-JP by
// plausibility, else windows-1252.
std::string guess_to_utf8(std::string_view bytes);

// NFC; nothing for text that is not UTF-8.
std::optional<std::string> to_nfc(std::string_view utf8);
// NFC and full case folding, for account names; nothing for text that is not UTF-8.
std::optional<std::string> to_nfc_folded(std::string_view utf8);
// For comparing and substring search: NFKC, case-folded, and the characters unified that Japanese
// tables map differently (WAVE DASH and FULLWIDTH TILDE, …). Invalid UTF-8 becomes U+FFFD.
std::string fold_for_search(std::string_view utf8);

}  // namespace tayori::mail
