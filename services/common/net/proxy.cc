#include "common/net/proxy.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace tayori::net {
namespace {

constexpr std::string_view kV1Start = "PROXY ";
constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2FixedBytes = 16;

tl::unexpected<Error> not_proxy(std::string_view why) {
    return fail(Kind::invalid, "Expected a PROXY header.", std::string(why));
}

Result<Endpoint> parse_v1_end(std::string_view address, std::string_view port, bool v4) {
    auto ip = IpAddress::parse(address);
    std::uint16_t number = 0;
    const auto [at, code] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool leading_zero = port.size() > 1 && port.front() == '0';
    const bool dotted = address.find(':') == address.npos;
    if (!ip || dotted != v4 || leading_zero || code != std::errc() || at != port.data() + port.size())
        return not_proxy("bad address or port");
    return Endpoint{*ip, number, {}};
}

Result<std::optional<ProxyHeader>> parse_v1(std::string_view bytes) {
    const auto head = bytes.substr(0, kProxyV1BytesMax);
    const auto end = head.find('\n');
    if (end == head.npos) {
        if (head.size() == kProxyV1BytesMax) return not_proxy("line too long");
        return std::optional<ProxyHeader>();
    }
    if (head[end - 1] != '\r') return not_proxy("bare LF");
    ProxyHeader header;
    header.bytes = end + 1;
    auto rest = head.substr(kV1Start.size(), end - 1 - kV1Start.size());
    // "UNKNOWN" may be followed by anything, which is to be ignored.
    if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) return header;
    std::vector<std::string_view> words;
    while (words.size() < 6) {
        const auto space = rest.find(' ');
        words.push_back(rest.substr(0, space));
        if (space == rest.npos) break;
        rest.remove_prefix(space + 1);
    }
    if (words.size() != 5 || (words[0] != "TCP4" && words[0] != "TCP6")) return not_proxy("bad words");
    const bool v4 = words[0] == "TCP4";
    auto source = parse_v1_end(words[1], words[3], v4);
    if (!source) return fail(std::move(source.error()));
    auto destination = parse_v1_end(words[2], words[4], v4);
    if (!destination) return fail(std::move(destination.error()));
    header.source = std::move(*source);
    header.destination = std::move(*destination);
    return header;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

IpAddress address_at(std::string_view bytes, std::size_t at, bool v4) {
    if (v4)
        return IpAddress::v4(byte_at(bytes, at), byte_at(bytes, at + 1), byte_at(bytes, at + 2),
                             byte_at(bytes, at + 3));
    IpAddress::Bytes out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte_at(bytes, at + i);
    return IpAddress(out);
}

Result<std::optional<ProxyHeader>> parse_v2(std::string_view bytes) {
    if (bytes.size() < kV2FixedBytes) return std::optional<ProxyHeader>();
    const unsigned version = byte_at(bytes, 12) >> 4;
    const unsigned command = byte_at(bytes, 12) & 0x0f;
    const unsigned family = byte_at(bytes, 13) >> 4;
    const std::size_t length = number_at(bytes, 14);
    if (version != 2 || command > 1) return not_proxy("bad version or command");
    if (family > 3 || (byte_at(bytes, 13) & 0x0f) > 2) return not_proxy("bad family or transport");
    if (kV2FixedBytes + length > kProxyV2BytesMax) return not_proxy("header too long");
    if (bytes.size() < kV2FixedBytes + length) return std::optional<ProxyHeader>();
    ProxyHeader header;
    header.bytes = kV2FixedBytes + length;
    const bool v4 = family == 1;
    const bool v6 = family == 2;
    // LOCAL: the proxy speaks for itself, and what follows is to be ignored. So is an unspecified or unix family.
    if (command == 0 || !(v4 || v6)) return header;
    const std::size_t address_bytes = v4 ? 4 : 16;
    if (length < 2 * address_bytes + 4) return not_proxy("addresses cut short");
    const auto body = bytes.substr(kV2FixedBytes, length);
    header.source =
        Endpoint{address_at(body, 0, v4), number_at(body, 2 * address_bytes), {}};
    header.destination = Endpoint{address_at(body, address_bytes, v4),
                                  number_at(body, 2 * address_bytes + 2), {}};
    return header;
}

bool begins_like(std::string_view bytes, std::string_view start) {
    const auto n = std::min(bytes.size(), start.size());
    return bytes.substr(0, n) == start.substr(0, n);
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy(std::string_view bytes) {
    if (begins_like(bytes, kV1Start)) {
        if (bytes.size() < kV1Start.size()) return std::optional<ProxyHeader>();
        return parse_v1(bytes);
    }
    if (begins_like(bytes, kV2Signature)) {
        if (bytes.size() < kV2Signature.size()) return std::optional<ProxyHeader>();
        return parse_v2(bytes);
    }
    return not_proxy("no PROXY header");
}

}  // namespace tayori::net
