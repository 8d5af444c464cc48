#include "common/net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "common/base/text.h"

namespace tayori::net {
namespace {

constexpr std::size_t kAddressTextMax = 45;
constexpr std::array<std::uint8_t, 12> kV4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
    unsigned n = 0;
    const auto* end = text.data() + text.size();
    const auto [at, code] = std::from_chars(text.data(), end, n);
    if (code != std::errc() || at != end || n > most) return std::nullopt;
    return n;
}

bool same_bits(const IpAddress::Bytes& a, const IpAddress::Bytes& b, unsigned bits) {
    const unsigned whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

IpAddress::Bytes keep_bits(IpAddress::Bytes bytes, unsigned bits) {
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8u) : 0;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00u >> kept));
    }
    return bytes;
}

}  // namespace

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return IpAddress(Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d});
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
    char copy[kAddressTextMax + 1] = {};
    Bytes bytes = {};
    if (text.size() <= kAddressTextMax && text.find('\0') == text.npos) {
        std::copy(text.begin(), text.end(), copy);
        std::uint8_t four[4];
        if (::inet_pton(AF_INET, copy, four) == 1) return v4(four[0], four[1], four[2], four[3]);
        if (::inet_pton(AF_INET6, copy, bytes.data()) == 1) return IpAddress(bytes);
    }
    return fail(Kind::invalid, "Not an IP address.");
}

bool IpAddress::is_v4() const { return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes_[12] == 127;
    Bytes one = {};
    one[15] = 1;
    return bytes_ == one;
}

std::string IpAddress::to_string() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (is_v4()) ::inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
    else ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
    return text;
}

IpAddress IpAddress::site() const {
    if (is_v4()) return *this;
    return IpAddress(keep_bits(bytes_, 64));
}

std::string Endpoint::to_string() const {
    if (is_unix()) return cat("unix:", unix_path);
    if (ip.is_v4()) return cat(ip.to_string(), ':', port);
    return cat('[', ip.to_string(), "]:", port);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
    Endpoint out;
    if (text.starts_with("unix:")) {
        out.unix_path = text.substr(5);
        // The kernel's limit, less the closing NUL.
        if (out.unix_path.empty() || out.unix_path.size() > 107 || out.unix_path.find('\0') != text.npos)
            return fail(Kind::invalid, "Not a path for a unix socket.");
        return out;
    }
    const auto colon = text.rfind(':');
    if (colon == text.npos) return fail(Kind::invalid, "Expected ADDRESS:PORT.");
    auto host = text.substr(0, colon);
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    const auto port = parse_number(text.substr(colon + 1), 65535);
    auto ip = IpAddress::parse(host);
    if (!ip || !port || brackets == (host.find(':') == host.npos))
        return fail(Kind::invalid, "Expected ADDRESS:PORT, or [ADDRESS]:PORT for IPv6.");
    out.ip = *ip;
    out.port = static_cast<std::uint16_t>(*port);
    return out;
}

Result<Networks> Networks::parse(std::string_view list) {
    Networks out;
    while (!list.empty()) {
        const auto end = std::min(list.find_first_of(", \t"), list.size());
        if (end > 0) {
            auto added = out.add(list.substr(0, end));
            if (!added) return fail(std::move(added.error()));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return out;
}

Result<Networks> Networks::parse(const std::vector<std::string>& items) {
    Networks out;
    for (const auto& item : items) {
        auto added = out.add(item);
        if (!added) return fail(std::move(added.error()));
    }
    return out;
}

Result<void> Networks::add(std::string_view item) {
    const auto slash = item.find('/');
    auto ip = IpAddress::parse(item.substr(0, slash));
    if (!ip) return fail(Kind::invalid, cat("Not a network: ", item));
    // An IPv4 prefix counts from the 96 bits that every IPv4 address has in front. Written as IPv6
    // (::ffff:10.0.0.0/104), it counts from the start.
    const bool dotted = item.substr(0, slash).find(':') == item.npos;
    unsigned bits = 128;
    if (slash != item.npos) {
        const auto given = parse_number(item.substr(slash + 1), dotted ? 32 : 128);
        if (!given) return fail(Kind::invalid, cat("Not a prefix length: ", item));
        bits = *given + (dotted ? 96 : 0);
    }
    if (keep_bits(ip->bytes(), bits) != ip->bytes())
        return fail(Kind::invalid, cat("Bits are set behind the prefix: ", item));
    ranges_.push_back({*ip, bits});
    return {};
}

bool Networks::contains(const IpAddress& address) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        // ::/0 means all of IPv6, not IPv4.
        if (range.bits < 96 && address.is_v4()) return false;
        return same_bits(range.first.bytes(), address.bytes(), range.bits);
    });
}

}  // namespace tayori::net
