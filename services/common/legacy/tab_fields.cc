#include "common/legacy/tab_fields.h"

#include "common/base/text.h"

namespace tayori::legacy {

std::string escape_field(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\t' || c == '\r' || c == '\n' || c == '%')
            append(out, '%', to_upper(hex_encode(std::string_view(&c, 1))));
        else
            out += c;
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
