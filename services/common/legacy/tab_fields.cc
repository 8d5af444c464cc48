#include "common/legacy/tab_fields.h"

#include "common/base/text.h"
#include "common/mail/utf8.h"

namespace tayori::legacy {

std::string escape_field(std::string_view bytes) {
    constexpr char kDelete = 0x7f;
    std::string out;
    for (std::size_t i = 0; i < bytes.size();) {
        const auto size = mail::utf8_sequence(bytes, i);
        const bool control = static_cast<unsigned char>(bytes[i]) < ' ' || bytes[i] == kDelete;
        if (size == 0 || control || bytes[i] == '%') {
            append(out, '%', to_upper(hex_encode(bytes.substr(i, 1))));
            ++i;
        } else {
            out += bytes.substr(i, size);
            i += size;
        }
    }
    return out;
}

std::optional<std::string> unescape_field(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace tayori::legacy
