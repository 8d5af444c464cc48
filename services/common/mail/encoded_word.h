// Text in headers: RFC 2047 encoded-words and raw 8-bit, as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace tayori::mail {

// An unstructured value or a phrase as UTF-8. Folding is undone, white space between two
// encoded-words goes, and words of one charset are joined before they are decoded, as many programs
// cut a Japanese character or leave an escape sequence open at the end of a word. Never fails: what
// is broken stays as it is written.
std::string decode_header_text(std::string_view value);

}  // namespace tayori::mail
