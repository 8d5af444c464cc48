// IP addresses, endpoints and lists of networks, as values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::net {

// Always 16 bytes; IPv4 is held as ::ffff:a.b.c.d, so a v4-mapped address and its IPv4 form are equal.
class IpAddress {
  public:
    using Bytes = std::array<std::uint8_t, 16>;
    IpAddress() : bytes_{} {}  // ::
    explicit IpAddress(const Bytes& bytes) : bytes_(bytes) {}
    static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
    static Result<IpAddress> parse(std::string_view text);  // "192.0.2.1", "2001:db8::1"; no zone, no brackets

    bool is_v4() const;
    bool is_loopback() const;
    const Bytes& bytes() const { return bytes_; }
    std::string to_string() const;
    // What one customer is likely to own: the address itself for IPv4, its /64 for IPv6.
    IpAddress site() const;

    auto operator<=>(const IpAddress&) const = default;
    template <class H>
    friend H AbslHashValue(H h, const IpAddress& a) {
        return H::combine(std::move(h), a.bytes_);
    }

  private:
    Bytes bytes_;
};

// One end of a connection. For a unix socket `unix_path` is set (it may be a lone "/" for an unnamed peer).
struct Endpoint {
    IpAddress ip;
    std::uint16_t port = 0;
    std::string unix_path;
    bool is_unix() const { return !unix_path.empty(); }
    std::string to_string() const;  // "192.0.2.1:25", "[2001:db8::1]:25", "unix:/run/x"
    // "192.0.2.1:25", "[2001:db8::1]:25", "unix:/run/x". Names are not resolved.
    static Result<Endpoint> parse(std::string_view text);
};

// A list of networks in CIDR notation.
class Networks {
  public:
    Networks() = default;
    // Items are separated by spaces or commas: "127.0.0.0/8, ::1, 10.0.0.0/8". Host bits must be zero.
    static Result<Networks> parse(std::string_view list);
    static Result<Networks> parse(const std::vector<std::string>& items);
    Result<void> add(std::string_view item);
    bool contains(const IpAddress& address) const;
    bool empty() const { return ranges_.empty(); }

  private:
    struct Range {
        IpAddress first;
        unsigned bits;  // of 128
    };
    std::vector<Range> ranges_;
};

}  // namespace tayori::net
