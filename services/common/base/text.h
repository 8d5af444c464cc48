// Joining text. Debian's absl keeps its own string_view, so absl::StrCat can't take std::string_view: cat() can.
//
//   return cat("* ", sequence, " EXISTS\r\n");
//   append(out, "UID ", uid, ' ');
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tayori {

// One piece of text: a string, a character, or an integer in decimal. Lives only within one expression.
class Piece {
  public:
    Piece(std::string_view s) : view_(s) {}
    Piece(const std::string& s) : view_(s) {}
    Piece(const char* s) : view_(s) {}
    Piece(char c) : view_(digits_, 1) { digits_[0] = c; }
    template <std::integral I>
        requires(!std::same_as<I, char> && !std::same_as<I, bool>)
    Piece(I n) {
        const auto end = std::to_chars(digits_, digits_ + sizeof digits_, n).ptr;
        view_ = {digits_, static_cast<std::size_t>(end - digits_)};
    }
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;
    std::string_view view() const { return view_; }

  private:
    char digits_[24];
    std::string_view view_;
};

namespace detail {
inline void append_pieces(std::string& out, std::initializer_list<std::string_view> pieces) {
    std::size_t bytes = out.size();
    for (auto piece : pieces) bytes += piece.size();
    if (bytes > out.capacity()) out.reserve(std::max(bytes, 2 * out.capacity()));
    for (auto piece : pieces) out.append(piece);
}
template <class... P>
void append_views(std::string& out, const P&... pieces) {
    append_pieces(out, {pieces.view()...});
}
}  // namespace detail

template <class... P>
void append(std::string& out, const P&... pieces) {
    detail::append_views(out, Piece(pieces)...);
}

template <class... P>
std::string cat(const P&... pieces) {
    std::string out;
    detail::append_views(out, Piece(pieces)...);
    return out;
}

// ASCII only, whatever the locale: protocol words are ASCII.
inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);  // of spaces and tabs

std::string base64_encode(std::string_view bytes);
// Strict: no white space, right padding (RFC 4648 §4). False when it is not base64.
bool base64_decode(std::string_view text, std::string& bytes);
std::string hex_encode(std::string_view bytes);
// 0 to 15; -1: none, in either case.
inline int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace tayori
