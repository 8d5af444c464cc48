#include "imapd/grammar/cursor.h"

#include <charconv>

#include "common/base/text.h"

namespace tayori::imap {

bool is_atom_char(char c) {
    if (c <= ' ' || c == 0x7f) return false;  // 8-bit is negative and no atom either
    return c != '(' && c != ')' && c != '{' && c != '%' && c != '*' && c != '"' && c != '\\' &&
           c != ']';
}

bool is_astring_char(char c) { return c == ']' || is_atom_char(c); }

bool is_list_char(char c) { return c == '%' || c == '*' || is_astring_char(c); }

bool Cursor::accept(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
}

bool Cursor::accept_word(std::string_view word) {
    if (!equals_ignoring_case(rest().substr(0, word.size()), word)) return false;
    const auto after = at_ + word.size();
    // "[" may stand in an atom, but in BODY[…] it begins the section.
    if (after < text_.size() && text_[after] != '[' && is_atom_char(text_[after])) return false;
    at_ = after;
    return true;
}

Result<void> Cursor::expect(char c) {
    if (accept(c)) return {};
    if (at_end()) return fail(Kind::invalid, "Missing argument.");
    if (c == ' ') return fail(Kind::invalid, "Space expected.");
    return fail(Kind::invalid, cat("\"", c, "\" expected."));
}

std::string_view Cursor::run(bool (*is)(char)) {
    const auto begin = at_;
    while (at_ < text_.size() && is(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
}

Result<std::string_view> Cursor::atom() {
    auto word = run(is_atom_char);
    if (word.empty()) return fail(Kind::invalid, at_end() ? "Missing argument." : "Atom expected.");
    return word;
}

Result<std::string> Cursor::quoted() {
    if (auto open = expect('"'); !open) return fail(std::move(open.error()));
    std::string value;
    for (;;) {
        const auto plain = text_.find_first_of("\"\\\r\n", at_);
        if (plain == std::string_view::npos) return fail(Kind::invalid, "Missing closing quote.");
        value.append(text_.substr(at_, plain - at_));
        at_ = plain + 1;
        if (text_[plain] == '"') break;
        if (text_[plain] != '\\') return fail(Kind::invalid, "Line end in a quoted string.");
        if (peek() != '"' && peek() != '\\')
            return fail(Kind::invalid, "Wrong escape in a quoted string.");
        value.push_back(text_[at_++]);
    }
    if (value.find('\0') != std::string::npos) return fail(Kind::invalid, "NUL in a string.");
    return value;
}

Result<std::string> Cursor::literal() {
    if (auto open = expect('{'); !open) return fail(std::move(open.error()));
    auto bytes = number();
    if (!bytes) return fail(Kind::invalid, "Wrong literal.");
    accept('+');
    if (!rest().starts_with("}\r\n")) return fail(Kind::invalid, "Wrong literal.");
    at_ += 3;
    if (rest().size() < *bytes) return fail(Kind::invalid, "Wrong literal.");
    std::string value(text_.substr(at_, *bytes));
    at_ += *bytes;
    if (value.find('\0') != std::string::npos) return fail(Kind::invalid, "NUL in a string.");
    return value;
}

Result<std::string> Cursor::string() {
    if (peek() == '"') return quoted();
    if (peek() == '{') return literal();
    return fail(Kind::invalid, at_end() ? "Missing argument." : "String expected.");
}

Result<std::string> Cursor::astring() {
    if (peek() == '"' || peek() == '{') return string();
    auto word = run(is_astring_char);
    if (word.empty())
        return fail(Kind::invalid, at_end() ? "Missing argument." : "String expected.");
    return std::string(word);
}

Result<std::string> Cursor::list_mailbox() {
    if (peek() == '"' || peek() == '{') return string();
    auto word = run(is_list_char);
    if (word.empty())
        return fail(Kind::invalid, at_end() ? "Missing argument." : "Pattern expected.");
    return std::string(word);
}

bool Cursor::accept_nil() { return accept_word("NIL"); }

Result<std::uint64_t> Cursor::number64() {
    std::uint64_t value = 0;
    const auto digits = run([](char c) { return c >= '0' && c <= '9'; });
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty())
        return fail(Kind::invalid, at_end() ? "Missing argument." : "Number expected.");
    if (parsed.ec != std::errc() || value > INT64_MAX)
        return fail(Kind::invalid, "Number too large.");
    return value;
}

Result<std::uint32_t> Cursor::number() {
    auto value = number64();
    if (!value) return fail(std::move(value.error()));
    if (*value > UINT32_MAX) return fail(Kind::invalid, "Number too large.");
    return static_cast<std::uint32_t>(*value);
}

Result<std::uint32_t> Cursor::nz_number() {
    auto value = number();
    if (value && *value == 0) return fail(Kind::invalid, "Zero is no message number.");
    return value;
}

}  // namespace tayori::imap
