// What one part is to people: its type, the name of the file that it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/mail/params.h"

namespace tayori::mail {

struct PartInfo {
    std::string type;         // "text/plain", lower case
    std::string disposition;  // "attachment", "inline", ""; lower case
    std::string name;         // the file's, decoded (RFC 2183 §2.3, RFC 2231 §3, and RFC 2047 where programs put it); ""
    // A file: said to be one, or named, or no text. Not a multipart.
    bool is_file() const;
};

// Of a part's own header. `default_type` is what it is without Content-Type: message/rfc822 within a digest (RFC 2046 §5.1.5).
PartInfo read_part_info(std::string_view header, std::string_view default_type = "text/plain");

// A parameter as a file's name: one line, and no path.
std::string decode_file_name(const std::vector<Param>& params, std::string_view name);

// Of all parts, multiparts included, as BODYSTRUCTURE tells them (Summary::bodystructure): for parts whose bytes are not at hand. In the
// order of PartTree::parts. Ends where the text makes no sense any more.
std::vector<PartInfo> part_infos_of(std::string_view bodystructure);

}  // namespace tayori::mail
