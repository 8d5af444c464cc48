#include "adminctl/outside/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <vector>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

struct InternalNetwork {
    const char* address;
    std::size_t prefix_bits;
};
constexpr InternalNetwork kInternalNetworks[] = {
    {"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10},   {"127.0.0.0", 8},   {"169.254.0.0", 16},
    {"172.16.0.0", 12},  {"192.0.0.0", 24},  {"192.0.2.0", 24},    {"192.168.0.0", 16}, {"198.18.0.0", 15},
    {"198.51.100.0", 24}, {"203.0.113.0", 24}, {"224.0.0.0", 4},    {"240.0.0.0", 4},   {"::", 127},
    {"::ffff:0:0", 96},  {"2001:db8::", 32}, {"fc00::", 7},        {"fe80::", 10},     {"ff00::", 8}};

constexpr std::string_view kGenericWords[] = {"dynamic", "dyn", "dhcp", "pool", "ppp", "dsl", "adsl", "dial", "dialup", "cable"};

std::vector<std::string> pieces_of(std::string_view name) {
    std::vector<std::string> out(1);
    for (const char c : name) {
        if (c == '.' || c == '-' || c == '_') out.emplace_back();
        else out.back() += ascii_lower(c);
    }
    return out;
}

std::string padded_octet(std::uint8_t octet) {
    const auto text = std::to_string(octet);
    return std::string(3 - text.size(), '0') + text;
}

}  // namespace

std::optional<Ip> parse_ip(std::string_view text) {
    Ip ip;
    const std::string copy(text);
    if (inet_pton(AF_INET, copy.c_str(), ip.bytes.data()) == 1) return ip;
    ip.v6 = true;
    if (inet_pton(AF_INET6, copy.c_str(), ip.bytes.data()) == 1) return ip;
    return std::nullopt;
}

bool is_in(const Ip& ip, const Ip& network, std::size_t prefix_bits) {
    if (ip.v6 != network.v6 || prefix_bits > network.bits()) return false;
    for (std::size_t bit = 0; bit < prefix_bits; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
        if ((ip.bytes[bit / 8] & mask) != (network.bytes[bit / 8] & mask)) return false;
    }
    return true;
}

bool is_internal(const Ip& ip) {
    return std::any_of(std::begin(kInternalNetworks), std::end(kInternalNetworks), [&](const InternalNetwork& one) {
        const auto network = parse_ip(one.address);
        return network && is_in(ip, *network, one.prefix_bits);
    });
}

bool is_generic_name(std::string_view name, std::string_view address) {
    const auto pieces = pieces_of(name);
    const auto has = [&](std::string_view piece) { return std::find(pieces.begin(), pieces.end(), piece) != pieces.end(); };
    if (std::any_of(std::begin(kGenericWords), std::end(kGenericWords), has)) return true;
    const auto ip = parse_ip(address);
    if (!ip || ip->v6) return false;
    std::string decimal;
    std::string hexadecimal = hex_encode(std::string_view(reinterpret_cast<const char*>(ip->bytes.data()), 4));
    unsigned found = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        decimal += padded_octet(ip->bytes[i]);
        const bool here = has(std::to_string(ip->bytes[i])) || has(padded_octet(ip->bytes[i]));
        found += here ? 1 : 0;
    }
    constexpr unsigned kOctetsThatTell = 4;
    return found == kOctetsThatTell || name.find(decimal) != std::string_view::npos ||
           to_lower(name).find(hexadecimal) != std::string::npos;
}

}  // namespace tayori::admin
