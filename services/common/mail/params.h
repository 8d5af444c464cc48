// Content-Type, Content-Disposition and their parameters (RFC 2045 §5.1, RFC 2183, RFC 2231).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tayori::mail {

struct Param {
    std::string name;   // lower case; RFC 2231's forms keep their stars: "filename*0*"
    std::string value;  // without quotes, otherwise raw
    bool operator==(const Param&) const = default;
};

struct ContentType {
    std::string type;  // as written; lower-case compare with is()
    std::string subtype;
    std::vector<Param> params;
    bool is(std::string_view type_lower, std::string_view subtype_lower) const;
    bool is_type(std::string_view type_lower) const;
};

// A value that is no media type reads as text/plain; charset=us-ascii (RFC 2045 §5.2).
ContentType parse_content_type(std::string_view value);

struct Disposition {
    std::string type;  // empty when there is none
    std::vector<Param> params;
};
Disposition parse_disposition(std::string_view value);

// The raw value of a parameter, or "".
std::string_view find_param(const std::vector<Param>& params, std::string_view name);
// The value as UTF-8: continuations joined, percent-encoding and charset of RFC 2231 undone, and
// encoded-words and raw 8-bit decoded too, since many programs put them here. "" when there is
// none.
std::string decode_param(const std::vector<Param>& params, std::string_view name);

}  // namespace tayori::mail
