// IP addresses as text, and what the world knows of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tayori::admin {

struct Ip {
    bool v6 = false;
    std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four
    std::size_t bits() const { return v6 ? 128 : 32; }
};
std::optional<Ip> parse_ip(std::string_view text);
bool is_in(const Ip& ip, const Ip& network, std::size_t prefix_bits);
// Nobody outside can send to it: private, loopback, link-local, documentation, multicast … (RFC 6890 §2.2).
bool is_internal(const Ip& ip);

// A name that a provider made of the address, as dial-up lines have: "192-0-2-10.pool.isp.example". Many servers take no mail
// from such names.
bool is_generic_name(std::string_view name, std::string_view address);

}  // namespace tayori::admin
