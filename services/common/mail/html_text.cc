#include "common/mail/html_text.h"

#include <charconv>
#include <cstdint>

#include "common/base/text.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kEntityBytesMax = 12;
constexpr std::size_t kTagNameBytesMax = 16;

struct Entity {
    std::string_view name;
    char32_t code;
};
constexpr Entity kEntities[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
    {"nbsp", ' '},     {"yen", 0xa5},     {"copy", 0xa9},    {"reg", 0xae},     {"laquo", 0xab},
    {"raquo", 0xbb},   {"middot", 0xb7},  {"times", 0xd7},   {"ndash", 0x2013}, {"mdash", 0x2014},
    {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"hellip", 0x2026},
    {"eacute", 0xe9},  {"auml", 0xe4},    {"ouml", 0xf6},    {"uuml", 0xfc},    {"szlig", 0xdf},
    {"euro", 0x20ac}};
// Tags that do not part words.
constexpr std::string_view kInline[] = {"a",    "b",    "i",     "u",    "em",  "strong",
                                        "span", "font", "small", "big",  "sub", "sup",
                                        "wbr",  "code", "mark",  "ruby", "rb"};

char32_t entity_code(std::string_view name) {
    if (name.starts_with('#')) {
        name.remove_prefix(1);
        int base = 10;
        if (name.starts_with('x') || name.starts_with('X')) {
            name.remove_prefix(1);
            base = 16;
        }
        std::uint32_t code = 0;
        const auto end = name.data() + name.size();
        const auto parsed = std::from_chars(name.data(), end, code, base);
        const bool good = parsed.ec == std::errc() && parsed.ptr == end && code > 0 &&
                          code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        return good ? code : 0;
    }
    for (const auto& e : kEntities)
        if (e.name == name) return e.code;
    return 0;
}

}  // namespace

void HtmlText::feed(std::string_view utf8, std::string& out) {
    for (const char c : utf8) {
        switch (state_) {
            case State::text:
                text_char(c, out);
                break;
            case State::entity:
                entity_char(c, out);
                break;
            case State::tag:
                tag_char(c, out);
                break;
            case State::comment:
                comment_char(c);
                break;
            case State::raw:
                raw_char(c);
                break;
        }
    }
}

void HtmlText::finish(std::string& out) {
    if (state_ != State::entity) return;
    entity_char(';', out);  // one without its semicolon at the very end
    if (out.ends_with(';')) out.pop_back();
}

void HtmlText::text_char(char c, std::string& out) {
    held_.clear();
    if (c == '&') {
        state_ = State::entity;
    } else if (c == '<') {
        state_ = State::tag;
        quote_ = '\0';
    } else {
        out += c;
    }
}

void HtmlText::entity_char(char c, std::string& out) {
    const bool in_name =
        (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '#';
    if (in_name && held_.size() < kEntityBytesMax) {
        held_ += c;
        return;
    }
    state_ = State::text;
    const auto code = entity_code(held_);
    if (code != 0)
        append_utf8(out, code);
    else
        append(out, '&', held_);
    if (code == 0 || c != ';') text_char(c, out);
}

void HtmlText::tag_char(char c, std::string& out) {
    if (held_.empty() && c != '/' && c != '!' && c != '?' &&
        (ascii_lower(c) < 'a' || ascii_lower(c) > 'z')) {
        out += '<';  // "a < b"
        state_ = State::text;
        return text_char(c, out);
    }
    if (held_.size() < kTagNameBytesMax) held_ += ascii_lower(c);
    if (held_ == "!--") {
        state_ = State::comment;
        held_.clear();
    } else if (quote_ != '\0') {
        if (c == quote_) quote_ = '\0';
    } else if ((c == '"' || c == '\'') && !held_.starts_with('!') && held_.find(c) != 0) {
        quote_ = c;
    } else if (c == '>') {
        end_tag(out);
    }
}

void HtmlText::end_tag(std::string& out) {
    auto name = std::string_view(held_);
    const bool closing = name.starts_with('/');
    if (closing) name.remove_prefix(1);
    name = name.substr(0, name.find_first_of(" \t\r\n/>"));
    state_ = State::text;
    if (!closing && (name == "script" || name == "style")) {
        raw_end_ = cat("</", name);
        state_ = State::raw;
    } else {
        bool is_inline = false;
        for (const auto inline_name : kInline) is_inline |= name == inline_name;
        if (!is_inline) out += '\n';
    }
    held_.clear();
}

void HtmlText::comment_char(char c) {
    held_ += c;
    if (held_.size() > 3) held_.erase(0, 1);
    if (held_ == "-->") state_ = State::text;
}

void HtmlText::raw_char(char c) {
    held_ += ascii_lower(c);
    if (held_.size() > raw_end_.size()) held_.erase(0, 1);
    if (held_ != raw_end_) return;
    state_ = State::tag;  // its ">" follows
    held_ = "/end";
    quote_ = '\0';
}

}  // namespace tayori::mail
