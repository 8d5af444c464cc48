#include "common/mail/japanese.h"

#include <unicode/ucnv.h>

#include <array>
#include <cstdint>

#include "common/mail/utf8.h"

namespace tayori::mail::japanese {
namespace {

// cp932 has rows 1-94 of JIS X 0208 (with NEC's and IBM's characters), and 95-120: user-defined
// ones and IBM's again.
constexpr std::size_t kRows = 120;
constexpr std::size_t kCells = 94;
constexpr char16_t kNone = 0;

struct Tables {
    std::array<char16_t, kRows * kCells> cp932{};
    std::array<char16_t, 94 * kCells> jis_x_0212{};
};

// One character through ICU, kNone if there is none.
char16_t convert_one(UConverter* converter, std::string_view bytes) {
    UErrorCode status = U_ZERO_ERROR;
    char16_t out[4] = {};
    const auto n =
        ucnv_toUChars(converter, out, 4, bytes.data(), static_cast<int32_t>(bytes.size()), &status);
    return U_SUCCESS(status) && n == 1 && out[0] != 0xfffd && out[0] != 0x1a ? out[0] : kNone;
}

char byte(std::size_t value) { return static_cast<char>(value); }

void fill_cp932(Tables& tables) {
    UErrorCode status = U_ZERO_ERROR;
    UConverter* converter = ucnv_open("ibm-943_P15A-2003", &status);
    if (U_FAILURE(status)) return;
    for (std::size_t row = 0; row < kRows; ++row) {
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            const std::size_t lead = row / 2 + (row < 62 ? 0x81 : 0xc1);
            const std::size_t in_lead = row % 2 * kCells + cell;
            const std::size_t trail = in_lead + 0x40 + (in_lead >= 0x3f ? 1 : 0);
            const char pair[] = {byte(lead), byte(trail)};
            tables.cp932[row * kCells + cell] = convert_one(converter, {pair, 2});
        }
    }
    ucnv_close(converter);
    // As Windows maps them, where IBM's table differs.
    const struct {
        std::size_t row, cell;
        char16_t unicode;
    } kWindows[] = {{1, 29, 0x2015}, {1, 33, 0xff5e}, {1, 34, 0x2225}, {1, 61, 0xff0d},
                    {1, 81, 0xffe0}, {1, 82, 0xffe1}, {2, 44, 0xffe2}, {1, 32, 0xff3c}};
    for (const auto& w : kWindows) tables.cp932[(w.row - 1) * kCells + w.cell - 1] = w.unicode;
}

void fill_jis_x_0212(Tables& tables) {
    UErrorCode status = U_ZERO_ERROR;
    UConverter* converter = ucnv_open("euc-jp-2007", &status);
    if (U_FAILURE(status)) return;
    for (std::size_t row = 0; row < 94; ++row) {
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            const char triple[] = {byte(0x8f), byte(0xa1 + row), byte(0xa1 + cell)};
            tables.jis_x_0212[row * kCells + cell] = convert_one(converter, {triple, 3});
        }
    }
    ucnv_close(converter);
}

const Tables& tables() {
    static const Tables* const made = [] {
        auto* t = new Tables;  // never freed: threads may still convert while the program ends
        fill_cp932(*t);
        fill_jis_x_0212(*t);
        return t;
    }();
    return *made;
}

class Output {
  public:
    explicit Output(std::string& out) : out_(out) {}
    void put(char32_t c) { append_utf8(out_, c); }
    void put_half_kana(std::size_t value) { put(static_cast<char32_t>(0xff61 + value - 0xa1)); }
    void bad() {
        put(0xfffd);
        ++errors_;
    }
    // Zero-based; errors where the table has nothing.
    void put_cp932(std::size_t row, std::size_t cell) {
        const char16_t c =
            row < kRows && cell < kCells ? tables().cp932[row * kCells + cell] : kNone;
        c == kNone ? bad() : put(c);
    }
    void put_jis_x_0212(std::size_t row, std::size_t cell) {
        const char16_t c =
            row < 94 && cell < kCells ? tables().jis_x_0212[row * kCells + cell] : kNone;
        c == kNone ? bad() : put(c);
    }
    std::size_t errors() const { return errors_; }

  private:
    std::string& out_;
    std::size_t errors_ = 0;
};

std::size_t at(std::string_view s, std::size_t i) {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0;
}

bool is_shift_jis_lead(std::size_t b) {
    return (b >= 0x81 && b <= 0x9f) || (b >= 0xe0 && b <= 0xfc);
}

// Gives the bytes used.
std::size_t shift_jis_pair(std::string_view s, std::size_t i, Output& out) {
    const auto lead = at(s, i), trail = at(s, i + 1);
    if (trail < 0x40 || trail == 0x7f || trail > 0xfc) {
        out.bad();
        return 1;  // the trail may be a line end or a quote: it stays
    }
    const std::size_t in_lead = trail - 0x40 - (trail > 0x7f ? 1 : 0);
    out.put_cp932((lead - (lead < 0xa0 ? 0x81 : 0xc1)) * 2 + in_lead / kCells, in_lead % kCells);
    return 2;
}

void decode_shift_jis(std::string_view s, Output& out) {
    for (std::size_t i = 0; i < s.size();) {
        const auto b = at(s, i);
        if (is_shift_jis_lead(b)) {
            i += shift_jis_pair(s, i, out);
            continue;
        }
        if (b < 0x80)
            out.put(static_cast<char32_t>(b));
        else if (b >= 0xa1 && b <= 0xdf)
            out.put_half_kana(b);
        else
            out.bad();
        ++i;
    }
}

void decode_euc_jp(std::string_view s, Output& out) {
    const auto is_high = [](std::size_t b) { return b >= 0xa1 && b <= 0xfe; };
    for (std::size_t i = 0; i < s.size();) {
        const auto b = at(s, i), second = at(s, i + 1), third = at(s, i + 2);
        if (b < 0x80) {
            out.put(static_cast<char32_t>(b));
            i += 1;
        } else if (b == 0x8e && second >= 0xa1 && second <= 0xdf) {
            out.put_half_kana(second);
            i += 2;
        } else if (b == 0x8f && is_high(second) && is_high(third)) {
            out.put_jis_x_0212(second - 0xa1, third - 0xa1);
            i += 3;
        } else if (is_high(b) && is_high(second)) {
            out.put_cp932(b - 0xa1, second - 0xa1);
            i += 2;
        } else {
            out.bad();
            i += 1;
        }
    }
}

enum class Set { ascii, half_kana, jis_x_0208, user_defined, jis_x_0212, unknown_pair };

struct Escape {
    std::string_view bytes;  // behind ESC
    Set set;
};
// The longer ones first. RFC 1468, RFC 2237, and what CP50220/50221 and ISO-2022-JP-MS have
// besides; JIS X 0213's plane 1 is nearly JIS X 0208.
constexpr Escape kEscapes[] = {
    {"$(D", Set::jis_x_0212},  {"$(B", Set::jis_x_0208}, {"$(@", Set::jis_x_0208},
    {"$(O", Set::jis_x_0208},  {"$(Q", Set::jis_x_0208}, {"$(?", Set::user_defined},
    {"$(", Set::unknown_pair}, {"$B", Set::jis_x_0208},  {"$@", Set::jis_x_0208},
    {"$A", Set::unknown_pair}, {"(B", Set::ascii},       {"(J", Set::ascii},
    {"(H", Set::ascii},        {"(I", Set::half_kana},
};

class Iso2022Jp {
  public:
    Iso2022Jp(std::string_view s, Output& out) : s_(s), out_(out) {}
    void run() {
        while (i_ < s_.size()) step();
    }

  private:
    void step() {
        const auto b = at(s_, i_);
        if (b == 0x1b && escape()) return;
        ++i_;
        if (b == '\n' || b == '\r') {
            // Lines begin in ASCII, even if the one before was cut (RFC 1468).
            set_ = Set::ascii;
            shifted_out_ = false;
            out_.put(static_cast<char32_t>(b));
        } else if (b == 0x0e || b == 0x0f) {
            shifted_out_ = b == 0x0e;  // half-width kana as JIS X 0201 has them
        } else if (b >= 0x80) {
            high(b);
        } else if (b <= 0x20 || b == 0x7f) {
            out_.put(static_cast<char32_t>(b));
        } else if (shifted_out_ || set_ == Set::half_kana) {
            b <= 0x5f ? out_.put_half_kana(b + 0x80) : out_.bad();
        } else if (set_ == Set::ascii) {
            out_.put(static_cast<char32_t>(b));
        } else {
            pair(b);
        }
    }

    bool escape() {
        const auto behind = s_.substr(i_ + 1);
        for (const auto& e : kEscapes) {
            if (!behind.starts_with(e.bytes)) continue;
            set_ = e.set;
            shifted_out_ = false;
            i_ += 1 + e.bytes.size();
            if (e.bytes == "$(" && i_ < s_.size() && at(s_, i_) > 0x20) ++i_;  // the unknown final
            return true;
        }
        return false;
    }

    // 8-bit has no place here: half-width kana or Shift_JIS within.
    void high(std::size_t b) {
        if (b >= 0xa1 && b <= 0xdf) return out_.put_half_kana(b);
        if (!is_shift_jis_lead(b)) return out_.bad();
        i_ += shift_jis_pair(s_, i_ - 1, out_) - 1;
    }

    void pair(std::size_t b) {
        const auto second = at(s_, i_);
        if (second < 0x21 || second > 0x7e) return out_.bad();
        ++i_;
        if (set_ == Set::jis_x_0208)
            out_.put_cp932(b - 0x21, second - 0x21);
        else if (set_ == Set::user_defined)
            out_.put_cp932(b - 0x21 + 94, second - 0x21);
        else if (set_ == Set::jis_x_0212)
            out_.put_jis_x_0212(b - 0x21, second - 0x21);
        else
            out_.bad();
    }

    std::string_view s_;
    Output& out_;
    std::size_t i_ = 0;
    Set set_ = Set::ascii;
    bool shifted_out_ = false;
};

}  // namespace

std::size_t decode(std::string_view bytes, Encoding encoding, std::string& out) {
    Output output(out);
    switch (encoding) {
        case Encoding::iso_2022_jp:
            Iso2022Jp(bytes, output).run();
            break;
        case Encoding::shift_jis:
            decode_shift_jis(bytes, output);
            break;
        case Encoding::euc_jp:
            decode_euc_jp(bytes, output);
            break;
    }
    return output.errors();
}

}  // namespace tayori::mail::japanese
