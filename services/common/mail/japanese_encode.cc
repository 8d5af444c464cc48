// Text into ISO-2022-JP, as RFC 1468 has it and everybody reads it: ASCII and JIS X 0208, nothing that only Windows knows.
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "common/mail/japanese.h"
#include "common/mail/utf8.h"

namespace tayori::mail::japanese {
namespace {

constexpr std::string_view kToAscii = "\x1b(B";
constexpr std::string_view kToJisX0208 = "\x1b$B";
constexpr char32_t kHalfKanaFirst = 0xff61, kHalfKanaLast = 0xff9f;
constexpr char32_t kHalfVoiced = 0xff9e, kHalfSemiVoiced = 0xff9f;  // the marks ﾞ and ﾟ

// JIS X 0208's rows; 9 to 15 and 85 on are other makers' (RFC 1468 knows the 1978 and 1983 editions, row 84 has six of 1990).
constexpr bool is_jis_row(unsigned row) { return (row >= 1 && row <= 8) || (row >= 16 && row <= 84); }

// Row and cell of each character of the basic plane; 0: none.
using Reverse = std::array<std::uint16_t, 65536>;

void fill_reverse(Reverse& reverse) {
    for (unsigned row = 1; row <= 84; ++row) {
        if (!is_jis_row(row)) continue;
        for (unsigned cell = 1; cell <= 94; ++cell) {
            const char pair[] = {static_cast<char>(row + 0x20), static_cast<char>(cell + 0x20)};
            std::string text;
            std::string bytes(kToJisX0208);
            bytes.append(pair, 2);
            if (decode(bytes, Encoding::iso_2022_jp, text) != 0 || text.empty()) continue;
            std::string_view rest = text;
            const auto c = take_code_point(rest);
            if (rest.empty() && c < reverse.size()) reverse[c] = static_cast<std::uint16_t>((row + 0x20) << 8 | (cell + 0x20));
        }
    }
    // What other tables than Windows' map to the same characters.
    const std::pair<char32_t, char32_t> kSame[] = {{0x301c, 0xff5e}, {0x2212, 0xff0d}, {0x2014, 0x2015}, {0x2016, 0x2225},
                                                   {0x00a2, 0xffe0}, {0x00a3, 0xffe1}, {0x00ac, 0xffe2}, {0x00a5, 0xffe5},
                                                   {0x203e, 0xffe3}, {0x00b7, 0x30fb}, {0x2022, 0x30fb}};
    for (const auto& [from, to] : kSame)
        if (reverse[from] == 0) reverse[from] = reverse[to];
}

const Reverse& reverse_table() {
    static const Reverse* const made = [] {
        auto* reverse = new Reverse{};  // never freed: threads may still convert while the program ends
        fill_reverse(*reverse);
        return reverse;
    }();
    return *made;
}

// Half-width kana as full-width ones, from U+FF61 on: many programs can't show them, and RFC 1468 has none.
constexpr char32_t kFullKana[] = {
    U'。', U'「', U'」', U'、', U'・', U'ヲ', U'ァ', U'ィ', U'ゥ', U'ェ', U'ォ', U'ャ', U'ュ', U'ョ', U'ッ', U'ー',
    U'ア', U'イ', U'ウ', U'エ', U'オ', U'カ', U'キ', U'ク', U'ケ', U'コ', U'サ', U'シ', U'ス', U'セ', U'ソ', U'タ',
    U'チ', U'ツ', U'テ', U'ト', U'ナ', U'ニ', U'ヌ', U'ネ', U'ノ', U'ハ', U'ヒ', U'フ', U'ヘ', U'ホ', U'マ', U'ミ',
    U'ム', U'メ', U'モ', U'ヤ', U'ユ', U'ヨ', U'ラ', U'リ', U'ル', U'レ', U'ロ', U'ワ', U'ン', U'゛', U'゜'};
static_assert(std::size(kFullKana) == kHalfKanaLast - kHalfKanaFirst + 1);

// The kana with the mark, or 0 where they don't join.
char32_t with_mark(char32_t kana, char32_t mark) {
    const bool is_ha_row = kana >= U'ハ' && kana <= U'ホ' && (kana - U'ハ') % 3 == 0;
    if (mark == kHalfSemiVoiced) return is_ha_row ? kana + 2 : 0;
    if (mark != kHalfVoiced) return 0;
    if (kana == U'ウ') return U'ヴ';
    const bool is_odd_row = kana >= U'カ' && kana <= U'チ' && (kana - U'カ') % 2 == 0;
    const bool is_even_row = kana >= U'ツ' && kana <= U'ト' && (kana - U'ツ') % 2 == 0;
    return is_ha_row || is_odd_row || is_even_row ? kana + 1 : 0;
}

char32_t take_widened(std::string_view& rest) {
    const auto c = take_code_point(rest);
    if (c < kHalfKanaFirst || c > kHalfKanaLast) return c;
    const auto full = kFullKana[c - kHalfKanaFirst];
    if (rest.empty()) return full;
    auto behind = rest;
    const auto joined = with_mark(full, take_code_point(behind));
    if (joined == 0) return full;
    rest = behind;
    return joined;
}

}  // namespace

std::optional<std::string> encode_iso_2022_jp(std::string_view utf8) {
    const auto& reverse = reverse_table();
    std::string out;
    out.reserve(utf8.size());
    bool in_kanji = false;
    while (!utf8.empty()) {
        const auto c = take_widened(utf8);
        if (c == 0x1b || c == 0x0e || c == 0x0f) return std::nullopt;  // would be read as our escapes
        const std::uint16_t pair = c < 0x80 || c >= reverse.size() ? 0 : reverse[c];
        if (c >= 0x80 && pair == 0) return std::nullopt;
        if (const bool kanji = pair != 0; kanji != in_kanji) {
            out += kanji ? kToJisX0208 : kToAscii;
            in_kanji = kanji;
        }
        if (pair == 0) {
            out += static_cast<char>(c);
            continue;
        }
        out += static_cast<char>(pair >> 8);
        out += static_cast<char>(pair & 0xff);
    }
    if (in_kanji) out += kToAscii;
    return out;
}

}  // namespace tayori::mail::japanese
