// What a key of tayori.toml can hold, and how its text is read and shown.
//
// A name ends in its unit: `_s`, `_ms`, `_days`, `_bytes…`. A bare number is in that unit; a text may bring another one:
// message_bytes_max = 52428800 or "50MiB"; idle_timeout_s = 1800 or "30min".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::settings {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

// Where a program listens or connects to: "*:25" (every address, IPv4 and IPv6), "192.0.2.1:25", "[2001:db8::1]:25",
// "spoold:7700", "unix:/run/spoold.sock".
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string path;  // of a unix socket; then host is empty

    bool is_unix() const { return !path.empty(); }
    std::string to_string() const;
    bool operator==(const Endpoint&) const = default;
};
Result<Endpoint> parse_endpoint(std::string_view text);

// "https://s3.example.net:9000/path": where something is asked by HTTP. Empty where a key has none.
struct HttpUrl {
    std::string origin;  // "https://s3.example.net:9000", in small letters
    std::string path;    // "/path", without "/" at its end

    std::string to_string() const { return origin + path; }
    bool operator==(const HttpUrl&) const = default;
};
Result<HttpUrl> parse_http_url(std::string_view text);

// An address range, "192.0.2.0/24", "2001:db8::/32" or a single address. IPv4 is kept as ::ffff:a.b.c.d.
struct Network {
    std::string text;
    unsigned char address[16] = {};
    unsigned prefix_bits = 128;

    // Of an address in text form; false when it is none.
    bool contains(std::string_view ip) const;
    bool operator==(const Network& other) const { return text == other.text; }
};
Result<Network> parse_network(std::string_view text);
bool contains(const std::vector<Network>& networks, std::string_view ip);

enum class Unit { none, bytes, milliseconds, seconds, hours, days, percent };

// The unit a key's name ends in.
Unit unit_of(std::string_view key);
// "50MiB" -> 52428800 for Unit::bytes, "5min" -> 300 for Unit::seconds; a bare number is in the key's unit.
Result<std::uint64_t> parse_amount(std::string_view text, Unit unit);
// The shortest exact form: "50MiB", "5min", "1000".
std::string show_amount(std::uint64_t amount, Unit unit);

}  // namespace tayori::settings
