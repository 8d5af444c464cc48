#include "common/base/text.h"

#include <algorithm>
#include <array>

namespace tayori {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> decode_table() {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}
constexpr auto kDecode = decode_table();

std::uint32_t octet(std::string_view s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
    return out;
}

std::string to_upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii_upper);
    return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return ascii_lower(x) == ascii_lower(y);
           });
}

std::string_view trim(std::string_view text) {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const auto n = octet(bytes, i) << 16 | octet(bytes, i + 1) << 8 | octet(bytes, i + 2);
        for (int shift : {18, 12, 6, 0}) out += kAlphabet[n >> shift & 63];
    }
    if (bytes.size() - i == 1) {
        const auto n = octet(bytes, i) << 16;
        out += {kAlphabet[n >> 18 & 63], kAlphabet[n >> 12 & 63], '=', '='};
    } else if (bytes.size() - i == 2) {
        const auto n = octet(bytes, i) << 16 | octet(bytes, i + 1) << 8;
        out += {kAlphabet[n >> 18 & 63], kAlphabet[n >> 12 & 63], kAlphabet[n >> 6 & 63], '='};
    }
    return out;
}

bool base64_decode(std::string_view text, std::string& bytes) {
    bytes.clear();
    if (text.size() % 4 != 0) return false;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const std::size_t used = i + 4 == text.size() ? 4 - padding : 4;
        std::uint32_t n = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const int value = k < used ? kDecode[octet(text, i + k)] : 0;
            if (value < 0) return false;
            n = n << 6 | static_cast<std::uint32_t>(value);
        }
        bytes += static_cast<char>(n >> 16);
        if (used > 2) bytes += static_cast<char>(n >> 8 & 255);
        if (used > 3) bytes += static_cast<char>(n & 255);
        if ((used == 2 && (n & 0xffff) != 0) || (used == 3 && (n & 0xff) != 0)) return false;
    }
    return true;
}

std::string hex_encode(std::string_view bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out += kHex[octet(bytes, i) >> 4];
        out += kHex[octet(bytes, i) & 15];
    }
    return out;
}

}  // namespace tayori
