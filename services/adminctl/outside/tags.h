// Lists "v=DMARC1; p=none": DKIM keys (RFC 6376 §3.2), DMARC, MTA-STS and TLS reporting are written so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::admin {

struct Tag {
    std::string name;   // as it is written
    std::string value;  // without white space around it
};
using Tags = std::vector<Tag>;

// Nothing where a part is no NAME=VALUE, or a name comes twice; `wrong` is then that part.
std::optional<Tags> parse_tags(std::string_view text, std::string& wrong);
// The value; nullptr: there is no such tag.
const std::string* find_tag(const Tags& tags, std::string_view name);

// "a, b" at `separator`, without white space around; empty parts stay.
std::vector<std::string> split_trimmed(std::string_view text, char separator);
std::string_view trim_folded(std::string_view text);  // of spaces, tabs and line ends

}  // namespace tayori::admin
