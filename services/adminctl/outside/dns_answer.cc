#include <ares.h>
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "adminctl/outside/resolver.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kRecordsMax = 1'000;
constexpr std::uint16_t kClassInternet = 1;

using Bytes = const unsigned char*;

// A packet, read from its begin. Nothing past its end is ever looked at.
class Packet {
  public:
    explicit Packet(std::string_view bytes) : bytes_(bytes) {}
    std::optional<std::uint16_t> number16() {
        if (at_ + 2 > bytes_.size()) return std::nullopt;
        const auto high = static_cast<std::uint8_t>(bytes_[at_]);
        const auto low = static_cast<std::uint8_t>(bytes_[at_ + 1]);
        at_ += 2;
        return static_cast<std::uint16_t>(high << 8 | low);
    }
    std::optional<std::uint32_t> number32() {
        const auto high = number16();
        const auto low = high ? number16() : std::nullopt;
        if (!low) return std::nullopt;
        return std::uint32_t{*high} << 16 | *low;
    }
    // Names point back into the packet; c-ares bounds that.
    std::optional<std::string> name() {
        if (at_ >= bytes_.size()) return std::nullopt;
        const auto* begin = reinterpret_cast<Bytes>(bytes_.data());
        char* text = nullptr;
        long used = 0;
        if (ares_expand_name(begin + at_, begin, static_cast<int>(bytes_.size()), &text, &used) != ARES_SUCCESS)
            return std::nullopt;
        std::string out = to_lower(text);
        ares_free_string(text);
        at_ += static_cast<std::size_t>(used);
        return out;
    }
    std::optional<std::string_view> take(std::size_t count) {
        if (count > bytes_.size() - at_) return std::nullopt;
        at_ += count;
        return bytes_.substr(at_ - count, count);
    }
    std::size_t at() const { return at_; }
    void go(std::size_t at) { at_ = at; }

  private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

std::optional<std::string> address_text(int family, std::string_view bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (bytes.size() != (family == AF_INET ? 4U : 16U)) return std::nullopt;
    if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return std::nullopt;
    return std::string(text.data());
}

// The strings of a TXT.
std::optional<std::vector<std::string>> txt_strings(std::string_view bytes) {
    std::vector<std::string> out;
    while (!bytes.empty()) {
        const auto length = static_cast<std::uint8_t>(bytes[0]);
        if (std::size_t{length} + 1 > bytes.size()) return std::nullopt;
        out.emplace_back(bytes.substr(1, length));
        bytes.remove_prefix(std::size_t{length} + 1);
    }
    return out;
}

std::optional<DnsRecord> read_data(Packet& packet, DnsType type, std::size_t length) {
    DnsRecord record;
    std::optional<std::string> text;
    switch (type) {
        case DnsType::a:
        case DnsType::aaaa: {
            const auto bytes = packet.take(length);
            if (bytes) text = address_text(type == DnsType::a ? AF_INET : AF_INET6, *bytes);
            break;
        }
        case DnsType::txt:
        case DnsType::spf: {
            const auto bytes = packet.take(length);
            auto strings = bytes ? txt_strings(*bytes) : std::nullopt;
            if (!strings) return std::nullopt;
            text.emplace();
            for (const auto& one : *strings) *text += one;
            record.strings = std::move(*strings);
            break;
        }
        case DnsType::mx: {
            const auto preference = packet.number16();
            if (!preference) return std::nullopt;
            record.preference = *preference;
            text = packet.name();
            break;
        }
        case DnsType::srv: {
            const auto priority = packet.number16();
            const auto weight = priority ? packet.number16() : std::nullopt;
            const auto port = weight ? packet.number16() : std::nullopt;
            if (!port) return std::nullopt;
            record.preference = *priority;
            record.weight = *weight;
            record.port = *port;
            text = packet.name();
            break;
        }
        case DnsType::cname:
        case DnsType::ptr:
            text = packet.name();
            break;
    }
    if (!text) return std::nullopt;
    record.text = std::move(*text);
    return record;
}

}  // namespace

Result<std::vector<DnsRecord>> read_dns_answer(std::string_view bytes, DnsType type) {
    const auto nonsense = [] { return fail(Kind::corrupt, "The answer of the DNS makes no sense."); };
    Packet packet(bytes);
    packet.go(4);
    const auto questions = packet.number16();
    const auto answers = packet.number16();
    if (!questions || !answers || bytes.size() < kHeaderBytes || *answers > kRecordsMax) return nonsense();
    packet.go(kHeaderBytes);
    for (unsigned i = 0; i < *questions; ++i) {
        if (!packet.name() || !packet.take(4)) return nonsense();
    }
    std::vector<DnsRecord> out;
    for (unsigned i = 0; i < *answers; ++i) {
        const auto name = packet.name();
        const auto kind = name ? packet.number16() : std::nullopt;
        const auto family = kind ? packet.number16() : std::nullopt;
        const auto ttl = family ? packet.number32() : std::nullopt;
        const auto length = ttl ? packet.number16() : std::nullopt;
        if (!length || packet.at() + *length > bytes.size()) return nonsense();
        const auto next = packet.at() + *length;
        if (*family == kClassInternet && *kind == static_cast<std::uint16_t>(type)) {
            auto record = read_data(packet, type, *length);
            if (!record || packet.at() != next) return nonsense();
            record->ttl_s = *ttl;
            out.push_back(std::move(*record));
        }
        packet.go(next);
    }
    std::sort(out.begin(), out.end(), [](const DnsRecord& a, const DnsRecord& b) {
        return std::pair(a.preference, a.text) < std::pair(b.preference, b.text);
    });
    return out;
}

std::string_view dns_type_name(DnsType type) {
    switch (type) {
        case DnsType::a: return "A";
        case DnsType::cname: return "CNAME";
        case DnsType::ptr: return "PTR";
        case DnsType::mx: return "MX";
        case DnsType::txt: return "TXT";
        case DnsType::aaaa: return "AAAA";
        case DnsType::srv: return "SRV";
        case DnsType::spf: return "SPF";
    }
    return {};
}

std::string reverse_name(std::string_view address) {
    std::array<std::uint8_t, 16> bytes{};
    const std::string text(address);
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
        return cat(bytes[3], '.', bytes[2], '.', bytes[1], '.', bytes[0], ".in-addr.arpa");
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return {};
    std::string out;
    for (auto at = bytes.size(); at-- > 0;) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        append(out, kDigits[bytes[at] & 15U], '.', kDigits[bytes[at] >> 4U], '.');
    }
    return out + "ip6.arpa";
}

}  // namespace tayori::admin
