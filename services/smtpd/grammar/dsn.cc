#include "smtpd/grammar/dsn.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

bool is_xchar(char c) { return c > 32 && c < 127 && c != '+' && c != '='; }

bool is_upper_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

struct NotifyWord {
    std::string_view word;
    std::uint32_t bit;
};
constexpr NotifyWord kNotifyWords[] = {
    {"NEVER", kNotifyNever}, {"SUCCESS", kNotifySuccess}, {"FAILURE", kNotifyFailure}, {"DELAY", kNotifyDelay}};

}  // namespace

bool is_xtext(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_xchar(text[i])) continue;
        if (text[i] != '+' || i + 2 >= text.size() || !is_upper_hex(text[i + 1]) || !is_upper_hex(text[i + 2])) return false;
        i += 2;
    }
    return true;
}

std::string xtext_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_xchar(c)) out += c;
        else append(out, '+', to_upper(hex_encode(std::string_view(&c, 1))));
    }
    return out;
}

std::string xtext_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && i + 2 < text.size()) {
            out += static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::optional<std::uint32_t> parse_notify(std::string_view value) {
    std::uint32_t bits = 0;
    for (bool last = false; !last;) {
        const auto comma = value.find(',');
        last = comma == std::string_view::npos;
        const auto word = value.substr(0, comma);
        const auto* row = std::find_if(std::begin(kNotifyWords), std::end(kNotifyWords),
                                       [&](const NotifyWord& w) { return equals_ignoring_case(w.word, word); });
        if (row == std::end(kNotifyWords)) return std::nullopt;
        bits |= row->bit;
        if (!last) value.remove_prefix(comma + 1);
    }
    // NEVER stands alone (RFC 3461 §4.1).
    if ((bits & kNotifyNever) != 0 && bits != kNotifyNever) return std::nullopt;
    return bits;
}

std::string notify_text(std::uint32_t bits) {
    std::string out;
    for (const auto& row : kNotifyWords) {
        if ((bits & row.bit) != 0) append(out, out.empty() ? "" : ",", row.word);
    }
    return out;
}

bool is_orcpt(std::string_view value) {
    const auto semicolon = value.find(';');
    if (value.size() > kOrcptBytesMax || semicolon == 0 || semicolon == std::string_view::npos) return false;
    const auto type = value.substr(0, semicolon);
    const auto address = value.substr(semicolon + 1);
    const bool atom = std::all_of(type.begin(), type.end(), [](char c) {
        return c > 32 && c < 127 && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
    });
    if (!atom || address.empty()) return false;
    if (!equals_ignoring_case(type, "utf-8")) return is_xtext(address);
    return std::all_of(address.begin(), address.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return u > 32 && u != 127 && c != '=';
    });
}

bool is_envid(std::string_view value) { return !value.empty() && value.size() <= kEnvidBytesMax && is_xtext(value); }

}  // namespace tayori::smtp
