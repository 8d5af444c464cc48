// SMTP command lines (RFC 5321 §4.1.1): bytes in, values out. No I/O, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::smtp {

inline constexpr std::size_t kCommandLineBytesMax = 2048;  // RFC 5321 §4.5.3.1.4 asks for 512 and more per extension
inline constexpr std::size_t kAuthLineBytesMax = 12288;    // RFC 4954 §4
inline constexpr std::size_t kParametersMax = 16;

// The verb in upper case and the rest after one run of spaces, trailing white space removed.
struct Command {
    std::string verb;
    std::string argument;
};
Command split_command(std::string_view line);

// One esmtp-param: KEYWORD in upper case, and its value where there is a "=".
struct Parameter {
    std::string keyword;
    std::optional<std::string> value;
};

// `FROM:<path> params` of MAIL, `TO:<path> params` of RCPT. The path is without its angle brackets and source route.
struct PathArgument {
    std::string path;
    std::vector<Parameter> parameters;
};

// `prefix` is "FROM:" or "TO:". A space after the colon is tolerated: old clients send it.
// invalid: no prefix, unbalanced brackets, malformed parameter.
Result<PathArgument> parse_path_argument(std::string_view argument, std::string_view prefix);

// `BDAT size [LAST]` (RFC 3030 §2).
struct Chunk {
    std::uint64_t bytes = 0;
    bool last = false;
};
Result<Chunk> parse_bdat(std::string_view argument);

// A domain, address literal or whatever an old client calls itself in EHLO/HELO: no white space, no control
// characters, at most 255 octets. We do not refuse a wrong name (RFC 5321 §4.1.4), only one that would break our log
// and header.
bool is_acceptable_helo(std::string_view name);

// Decimal digits only; no value when out of range.
std::optional<std::uint64_t> parse_number(std::string_view digits);

}  // namespace tayori::smtp
