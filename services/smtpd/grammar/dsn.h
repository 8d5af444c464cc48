// The parameters of DSN (RFC 3461 §4): bytes in, values out. Fuzzed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tayori::smtp {

inline constexpr std::size_t kEnvidBytesMax = 100;  // before and after encoding (RFC 3461 §4.4)
inline constexpr std::size_t kOrcptBytesMax = 500;  // RFC 3461 §4.2

// The bits of queue.proto's DsnNotify.
inline constexpr std::uint32_t kNotifyNever = 1;
inline constexpr std::uint32_t kNotifySuccess = 2;
inline constexpr std::uint32_t kNotifyFailure = 4;
inline constexpr std::uint32_t kNotifyDelay = 8;

// xtext (RFC 3461 §4): printable ASCII without "+" and "=", and "+" with two upper-case hex digits.
bool is_xtext(std::string_view text);
std::string xtext_encode(std::string_view text);
std::string xtext_decode(std::string_view text);  // of what is_xtext

// NOTIFY=NEVER, or a list of SUCCESS, FAILURE and DELAY. No value: malformed.
std::optional<std::uint32_t> parse_notify(std::string_view value);
std::string notify_text(std::uint32_t bits);

// ORCPT=addr-type;xtext, or utf-8-addr-xtext and utf-8-addr-unitext of RFC 6533 §3, which only "utf-8" may have.
bool is_orcpt(std::string_view value);
bool is_envid(std::string_view value);

}  // namespace tayori::smtp
