#include "common/base/percent.h"

#include "common/base/text.h"

namespace tayori {

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool code = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        out += code ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
        if (code) i += 2;
    }
    return out;
}

std::string percent_encode(std::string_view text, std::string_view also) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kStay = "-._~";
    std::string out;
    for (const char c : text) {
        const bool word = (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
        const auto code = static_cast<unsigned char>(c);
        if (word || kStay.find(c) != std::string_view::npos || also.find(c) != std::string_view::npos) out += c;
        else append(out, '%', kDigits[code >> 4], kDigits[code & 15]);
    }
    return out;
}

}  // namespace tayori
