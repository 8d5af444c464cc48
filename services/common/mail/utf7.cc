#include "common/mail/utf7.h"

#include <array>
#include <cstdint>

#include "common/mail/charset.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

// Base64 with "," for "/" and without padding (RFC 3501 §5.1.3).
constexpr std::string_view kBase64Modified =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr std::array<std::int8_t, 256> modified_sextets() {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < kBase64Modified.size(); ++i)
        table[static_cast<unsigned char>(kBase64Modified[i])] = static_cast<std::int8_t>(i);
    return table;
}
constexpr auto kModifiedSextets = modified_sextets();

bool is_direct(char32_t c) { return c >= 0x20 && c <= 0x7e; }

// One run between "&" and "-". False when it isn't the one right spelling.
bool decode_run(std::string_view run, std::string& out) {
    std::uint32_t bits = 0;
    int count = 0;
    char32_t high = 0;
    for (char c : run) {
        const int sextet = kModifiedSextets[static_cast<unsigned char>(c)];
        if (sextet < 0) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(sextet);
        count += 6;
        if (count < 16) continue;
        count -= 16;
        const char32_t unit = bits >> count & 0xffff;
        bits &= (1u << count) - 1;
        const bool is_low = unit >= 0xdc00 && unit < 0xe000;
        if (is_low != (high != 0)) return false;
        if (unit >= 0xd800 && unit < 0xdc00) {
            high = unit;
        } else if (is_low) {
            append_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
            high = 0;
        } else {
            if (is_direct(unit)) return false;
            append_utf8(out, unit);
        }
    }
    return high == 0 && count < 6 && bits == 0;
}

}  // namespace

std::optional<std::string> utf7_to_utf8(std::string_view text) {
    std::string out;
    bool after_run = false;  // an encoded run ended here: another one would be a second spelling
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c != '&') {
            if (!is_direct(static_cast<unsigned char>(c))) return std::nullopt;
            out += c;
            after_run = false;
            continue;
        }
        const auto end = text.find('-');
        if (end == std::string_view::npos) return std::nullopt;
        if (end == 0) {
            out += '&';
            after_run = false;
        } else {
            if (after_run || !decode_run(text.substr(0, end), out)) return std::nullopt;
            after_run = true;
        }
        text.remove_prefix(end + 1);
    }
    return out;
}

std::optional<std::string> utf8_to_utf7(std::string_view utf8) {
    if (!is_valid_utf8(utf8)) return std::nullopt;
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    bool encoding = false;
    const auto put_unit = [&](char32_t unit) {
        bits = bits << 16 | unit;
        for (count += 16; count >= 6; count -= 6) out += kBase64Modified[bits >> (count - 6) & 63];
        bits &= (1u << count) - 1;
    };
    const auto end_run = [&] {
        if (!encoding) return;
        if (count > 0) out += kBase64Modified[bits << (6 - count) & 63];
        out += '-';
        bits = 0, count = 0, encoding = false;
    };
    while (!utf8.empty()) {
        const char32_t c = take_code_point(utf8);
        if (is_direct(c)) {
            end_run();
            out += static_cast<char>(c);
            if (c == '&') out += '-';
            continue;
        }
        if (!encoding) out += '&';
        encoding = true;
        if (c < 0x10000) {
            put_unit(c);
        } else {
            put_unit(0xd800 + ((c - 0x10000) >> 10));
            put_unit(0xdc00 + ((c - 0x10000) & 0x3ff));
        }
    }
    end_run();
    return out;
}

}  // namespace tayori::mail
