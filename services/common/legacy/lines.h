// Control files as text: their lines, and the charsets that they were written in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

// Line ends are LF or CRLF; the last one may be missing. Nothing for empty text.
std::vector<std::string_view> split_lines(std::string_view text);
std::vector<std::string> split_fields(std::string_view line, char separator);

struct Decoded {
    std::string text;          // UTF-8, without a byte order mark
    std::string_view charset;  // "us-ascii", "utf-8", "utf-16", "iso-2022-jp", "euc-jp", "cp932"
};
// What all bytes are valid in: a byte order mark, ISO-2022-JP where its escapes are, UTF-8, EUC-JP,
// cp932, in this order: each is rarely well-formed by chance in the ones before. Nothing: binary,
// or none of them.
std::optional<Decoded> decode_text(std::string_view bytes);
// As names of people were kept: strict UTF-8, else cp932.
std::optional<Decoded> decode_utf8_or_cp932(std::string_view bytes);
// What can be shown of bytes that may be no text: the text, or "hex:0102".
std::string verbatim(std::string_view bytes);

// A decimal number of at most `digits_max` digits and nothing else around it but white space.
std::optional<std::uint64_t> parse_number(std::string_view text, std::size_t digits_max = 19);
std::string_view trim_white(std::string_view text);  // of spaces, tabs, CR and LF

// A control file of the tree, at most kControlFileBytesMax.
Result<std::string> read_control_file(const Tree& tree, std::string_view path);
// A file that the administrator names, outside of any tree.
Result<std::string> read_local_file(const std::string& path,
                                    std::uint64_t bytes_max = kControlFileBytesMax);

}  // namespace tayori::legacy
