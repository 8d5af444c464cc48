#include "common/mail/utf8.h"

#include "common/mail/charset.h"

namespace tayori::mail {

void append_utf8(std::string& out, char32_t c) {
    const auto put = [&](char32_t value) { out += static_cast<char>(value); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 63));
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 63));
        put(0x80 | (c >> 6 & 63));
    }
    put(0x80 | (c & 63));
}

char32_t take_code_point(std::string_view& utf8) {
    const auto lead = static_cast<unsigned char>(utf8[0]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t c = bytes == 1 ? lead : lead & (0x7fu >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) c = c << 6 | (static_cast<unsigned char>(utf8[i]) & 63);
    utf8.remove_prefix(bytes);
    return c;
}

std::size_t utf8_sequence(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned lead = byte(at), second = byte(at + 1);
    if (at >= text.size()) return 0;
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4 || !is_tail(at + 1)) return 0;
    if (lead < 0xe0) return 2;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f))
        return 0;  // RFC 3629 §4
    if (!is_tail(at + 2)) return 0;
    if (lead < 0xf0) return 3;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
    return is_tail(at + 3) ? 4 : 0;
}

std::string to_valid_utf8(std::string_view text) {
    if (is_ascii(text)) return std::string(text);  // most is, and is asked for many times a mail
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto n = utf8_sequence(text, i);
        if (n == 0)
            append_utf8(out, 0xfffd);
        else
            out.append(text, i, n);
        i += n == 0 ? 1 : n;
    }
    return out;
}

std::string_view clip_utf8(std::string_view utf8, std::size_t bytes_max) {
    if (utf8.size() <= bytes_max) return utf8;
    std::size_t n = bytes_max;
    while (n > 0 && (static_cast<unsigned char>(utf8[n]) & 0xc0) == 0x80) --n;
    return utf8.substr(0, n);
}

}  // namespace tayori::mail
