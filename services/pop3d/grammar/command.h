// POP3 command lines (RFC 1939 §3): bytes in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::pop3 {

inline constexpr std::size_t kCommandLineBytesMax = 512;  // RFC 2449 §4 allows 255
inline constexpr std::size_t kAuthLineBytesMax = 12288;

struct Command {
    std::string verb;      // upper case
    std::string argument;  // all behind the first space, as it is: a password may hold and end in spaces
};
Command split_command(std::string_view line);

// A message number, from 1. invalid: none, not a number, or something behind it.
Result<std::uint32_t> parse_message_number(std::string_view argument);

// `msg n` of TOP.
struct TopArguments {
    std::uint32_t message = 0;
    std::uint32_t lines = 0;
};
Result<TopArguments> parse_top(std::string_view argument);

}  // namespace tayori::pop3
