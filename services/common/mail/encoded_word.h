// Text in headers: RFC 2047 encoded-words and raw 8-bit as UTF-8, and UTF-8 as what a header may hold.
#pragma once

#include <string>
#include <string_view>

namespace tayori::mail {

// An unstructured value or a phrase as UTF-8. Folding is undone, white space between two
// encoded-words goes, and words of one charset are joined before they are decoded, as many programs
// cut a Japanese character or leave an escape sequence open at the end of a word. Never fails: what
// is broken stays as it is written.
std::string decode_header_text(std::string_view value);

// What a mail that is written here is in. ISO-2022-JP where all of a text is in it, else UTF-8.
enum class TextCharset { utf8, iso_2022_jp };

// UTF-8 as an unstructured value (RFC 5322 §2.2.1), folded: lines of at most 76 characters where words allow it, 998 in any case. What is
// not ASCII, or would be read as an encoded-word, becomes encoded-words of whole characters (RFC 2047 §2); ASCII words before and
// behind stay as they are. `column`: where it begins, behind "Subject: ". Whatever the text holds, it is one value: control
// characters become spaces.
std::string encode_header_text(std::string_view utf8, std::size_t column, TextCharset charset = TextCharset::utf8);
// Likewise as a phrase, such as an address' display name: quoted where it must be.
std::string encode_phrase(std::string_view utf8, std::size_t column, TextCharset charset = TextCharset::utf8);

}  // namespace tayori::mail
