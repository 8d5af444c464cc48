#include "common/mail/charset.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>

#include "common/base/text.h"
#include "common/mail/japanese.h"
#include "common/mail/limits.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

enum class Family { unknown, ascii, utf8, japanese, icu };

struct Charset {
    Family family = Family::unknown;
    japanese::Encoding japanese = japanese::Encoding::iso_2022_jp;
    std::string icu_name;
};

struct Alias {
    std::string_view label;
    std::string_view name;
};
// What labels mean in mail, where ICU takes them at their word: the supersets that Windows wrote.
constexpr Alias kAliases[] = {
    {"iso-8859-1", "windows-1252"},
    {"iso8859-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"iso_8859-1", "windows-1252"},
    {"iso-8859-9", "windows-1254"},
    {"ks_c_5601-1987", "windows-949"},
    {"euc-kr", "windows-949"},
    {"ksc5601", "windows-949"},
    {"gb2312", "gb18030"},
    {"gbk", "gb18030"},
    {"cp936", "gb18030"},
    {"x-gbk", "gb18030"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"x-unknown", ""},
    {"unknown-8bit", ""},
    {"8bit", ""},
    {"binary", ""},
    {"default_charset", ""},
};
constexpr std::string_view kAscii[] = {"us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "646"};
constexpr std::string_view kUtf8[] = {
    "utf-8", "utf8", "unicode-1-1-utf-8", "x-unicode-2-0-utf-8", "cp65001", "utf-8-mac"};
struct JapaneseLabel {
    std::string_view label;
    japanese::Encoding encoding;
};
constexpr auto kJis = japanese::Encoding::iso_2022_jp;
constexpr auto kSjis = japanese::Encoding::shift_jis;
constexpr auto kEuc = japanese::Encoding::euc_jp;
constexpr JapaneseLabel kJapanese[] = {
    {"iso-2022-jp", kJis},
    {"csiso2022jp", kJis},
    {"iso-2022-jp-1", kJis},
    {"iso-2022-jp-2", kJis},
    {"iso-2022-jp-3", kJis},
    {"iso-2022-jp-2004", kJis},
    {"iso-2022-jp-ms", kJis},
    {"cp50220", kJis},
    {"cp50221", kJis},
    {"cp50222", kJis},
    {"x-iso-2022-jp", kJis},
    {"iso2022jp", kJis},
    {"iso2022-jp", kJis},
    {"jis", kJis},
    {"iso-2022-jp-ext", kJis},
    {"x-windows-iso2022jp", kJis},
    {"shift_jis", kSjis},
    {"shift-jis", kSjis},
    {"shiftjis", kSjis},
    {"sjis", kSjis},
    {"x-sjis", kSjis},
    {"ms_kanji", kSjis},
    {"csshiftjis", kSjis},
    {"cp932", kSjis},
    {"ms932", kSjis},
    {"windows-31j", kSjis},
    {"windows-932", kSjis},
    {"cswindows31j", kSjis},
    {"sjis-win", kSjis},
    {"x-ms-cp932", kSjis},
    {"shift_jis-2004", kSjis},
    {"euc-jp", kEuc},
    {"eucjp", kEuc},
    {"x-euc-jp", kEuc},
    {"x-euc", kEuc},
    {"eucjp-ms", kEuc},
    {"eucjp-win", kEuc},
    {"cp51932", kEuc},
    {"ujis", kEuc},
    {"euc-jp-ms", kEuc},
    {"cseucpkdfmtjapanese", kEuc},
};

struct CloseConverter {
    void operator()(UConverter* c) const { ucnv_close(c); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// Opening a converter costs more than most conversions, so the last ones used stay open. Per
// thread: they have state.
UConverter* find_converter(const std::string& name) {
    struct Kept {
        std::string name;
        Converter converter;
    };
    thread_local std::list<Kept> kept;
    for (auto it = kept.begin(); it != kept.end(); ++it) {
        if (it->name != name) continue;
        kept.splice(kept.begin(), kept, it);
        ucnv_reset(it->converter.get());
        return it->converter.get();
    }
    UErrorCode status = U_ZERO_ERROR;
    Converter opened(ucnv_open(name.c_str(), &status));
    if (U_FAILURE(status)) return nullptr;
    kept.push_front({name, std::move(opened)});
    if (kept.size() > kConvertersMax) kept.pop_back();
    return kept.front().converter.get();
}

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view label) {
    return std::find(std::begin(list), std::end(list), label) != std::end(list);
}

// EBCDIC, IMAP's UTF-7 and the like turn plain text into other text: nobody writes mail in them,
// but it makes filters and people see different things.
bool keeps_ascii(UConverter* converter) {
    UErrorCode status = U_ZERO_ERROR;
    constexpr std::string_view kSample = "Az09+-/<>@&~{";
    char16_t out[32];
    const auto n = ucnv_toUChars(converter, out, 32, kSample.data(),
                                 static_cast<int32_t>(kSample.size()), &status);
    return U_SUCCESS(status) && std::equal(kSample.begin(), kSample.end(), out, out + n);
}

Charset find_charset(std::string_view label) {
    label = trim(label);
    if (label.empty() || label.size() > kCharsetLabelBytesMax) return {};
    auto name = to_lower(label);
    if (contains(kUtf8, name)) return {Family::utf8, kJis, {}};
    if (contains(kAscii, name)) return {Family::ascii, kJis, {}};
    for (const auto& j : kJapanese)
        if (j.label == name) return {Family::japanese, j.encoding, {}};
    for (const auto& alias : kAliases)
        if (alias.label == name) name = alias.name;
    const bool wide = name.starts_with("utf-16") || name.starts_with("utf-32") || name == "utf-7";
    if (!is_ascii(name) || name.empty() || name.find('\0') != std::string::npos) return {};
    auto* converter = find_converter(name);
    if (converter == nullptr || (!wide && !keeps_ascii(converter))) return {};
    return {Family::icu, kJis, std::move(name)};
}

std::string icu_to_utf8(std::string_view bytes, const std::string& name, bool& clean) {
    constexpr std::size_t kBytesMax = std::size_t{1} << 30;  // ICU counts in int32_t
    auto* converter = find_converter(name);
    std::string out;
    if (converter == nullptr || bytes.size() > kBytesMax) {
        clean = false;
        return out;
    }
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString text(bytes.data(), static_cast<int32_t>(bytes.size()), converter,
                                  status);
    clean = U_SUCCESS(status) && text.indexOf(static_cast<char16_t>(0xfffd)) < 0;
    text.toUTF8String(out);
    return out;
}

// The first byte of a sequence of three, as kana and kanji are in UTF-8.
bool has_three_bytes(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xf0) == 0xe0; });
}

// Does the text read well in this encoding? Everything must be in its table.
bool reads_as(std::string_view bytes, japanese::Encoding encoding, std::string& out) {
    out.clear();
    return japanese::decode(bytes, encoding, out) == 0;
}

const icu::Normalizer2* normalizer(const char* name, UNormalization2Mode mode) {
    UErrorCode status = U_ZERO_ERROR;
    const auto* found = icu::Normalizer2::getInstance(nullptr, name, mode, status);
    return U_SUCCESS(status) ? found : nullptr;
}

std::string normalize(const icu::Normalizer2* normalizer, std::string_view utf8) {
    std::string out;
    if (normalizer == nullptr) return std::string(utf8);
    out.reserve(utf8.size());
    icu::StringByteSink<std::string> sink(&out);
    UErrorCode status = U_ZERO_ERROR;
    normalizer->normalizeUTF8(0, icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())),
                              sink, nullptr, status);
    return U_SUCCESS(status) ? out : std::string(utf8);
}

// The same characters of JIS, which tables map to different code points; here behind NFKC and case
// folding.
struct Unified {
    std::string_view from, to;
};
constexpr Unified kUnified[] = {
    {"\xe3\x80\x9c", "~"},             // WAVE DASH, as FULLWIDTH TILDE becomes
    {"\xe2\x88\x92", "-"},             // MINUS SIGN, as FULLWIDTH HYPHEN-MINUS becomes
    {"\xe2\x80\x94", "\xe2\x80\x95"},  // EM DASH, HORIZONTAL BAR
    {"\xe2\x80\x96", "\xe2\x88\xa5"},  // DOUBLE VERTICAL LINE, PARALLEL TO
};

void unify(std::string& text) {
    std::string out;
    std::size_t copied = 0;
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        if (text[i] != '\xe3' && text[i] != '\xe2') continue;
        for (const auto& u : kUnified) {
            if (text.compare(i, u.from.size(), u.from) != 0) continue;
            out.append(text, copied, i - copied);
            out += u.to;
            copied = i + u.from.size();
            break;
        }
    }
    if (copied == 0) return;
    out.append(text, copied);
    text = std::move(out);
}

}  // namespace

bool is_ascii(std::string_view text) {
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, text.data() + i, 8);
        if ((eight & 0x8080808080808080u) != 0) return false;
    }
    for (; i < text.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) & 0x80) != 0) return false;
    return true;
}

bool is_valid_utf8(std::string_view text) {
    if (is_ascii(text)) return true;
    for (std::size_t i = 0; i < text.size();) {
        const auto n = utf8_sequence(text, i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

bool knows_charset(std::string_view label) { return find_charset(label).family != Family::unknown; }

std::string guess_to_utf8(std::string_view bytes) {
    std::string out;
    for (const auto escape : {"\x1b$B", "\x1b$@", "\x1b$("}) {  // nothing else looks like that
        if (bytes.find(escape) == std::string_view::npos) continue;
        japanese::decode(bytes, kJis, out);
        return out;
    }
    if (is_valid_utf8(bytes)) return std::string(bytes);
    // Text in EUC-JP is often well-formed Shift_JIS too, a row of half-width kana, but hardly the
    // other way round.
    if (reads_as(bytes, kEuc, out)) return out;
    if (reads_as(bytes, kSjis, out)) return out;
    bool clean = false;
    out = icu_to_utf8(bytes, "windows-1252", clean);
    return out.empty() ? to_valid_utf8(bytes) : out;
}

std::string to_utf8(std::string_view bytes, std::string_view label) {
    const auto charset = find_charset(label);
    bool clean = false;
    std::string out;
    switch (charset.family) {
        case Family::unknown:
        case Family::ascii:
            return guess_to_utf8(bytes);
        case Family::utf8:
            return to_valid_utf8(bytes);
        case Family::japanese:
            if (is_ascii(bytes) && charset.japanese != kJis) return std::string(bytes);
            // UTF-8 under such a label is common. As Shift_JIS it reads well, too, though as
            // nonsense; the reverse does not happen.
            if (charset.japanese == kSjis && has_three_bytes(bytes) && is_valid_utf8(bytes))
                return std::string(bytes);
            if (japanese::decode(bytes, charset.japanese, out) == 0) return out;
            return is_valid_utf8(bytes) && !is_ascii(bytes) ? std::string(bytes) : out;
        case Family::icu:
            return icu_to_utf8(bytes, charset.icu_name, clean);
    }
    return out;
}

std::optional<std::string> to_utf8_strict(std::string_view bytes, std::string_view label) {
    const auto charset = find_charset(label);
    bool clean = false;
    std::string out;
    switch (charset.family) {
        case Family::unknown:
            return std::nullopt;
        case Family::ascii:
            if (!is_ascii(bytes)) return std::nullopt;
            return std::string(bytes);
        case Family::utf8:
            if (!is_valid_utf8(bytes)) return std::nullopt;
            return std::string(bytes);
        case Family::japanese:
            if (japanese::decode(bytes, charset.japanese, out) != 0) return std::nullopt;
            return out;
        case Family::icu:
            out = icu_to_utf8(bytes, charset.icu_name, clean);
            if (!clean) return std::nullopt;
            return out;
    }
    return std::nullopt;
}

std::optional<std::string> to_nfc(std::string_view utf8) {
    if (is_ascii(utf8)) return std::string(utf8);
    if (!is_valid_utf8(utf8)) return std::nullopt;
    static const auto* const nfc = normalizer("nfc", UNORM2_COMPOSE);
    return normalize(nfc, utf8);
}

std::optional<std::string> to_nfc_folded(std::string_view utf8) {
    if (is_ascii(utf8)) return to_lower(utf8);
    if (!is_valid_utf8(utf8)) return std::nullopt;
    auto text = icu::UnicodeString::fromUTF8(
        icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
    text.foldCase();
    std::string folded;
    text.toUTF8String(folded);
    return to_nfc(folded);
}

std::string fold_for_search(std::string_view utf8) {
    if (is_ascii(utf8)) return to_lower(utf8);
    static const auto* const nfkc_folded = normalizer("nfkc_cf", UNORM2_COMPOSE);
    auto folded = is_valid_utf8(utf8) ? normalize(nfkc_folded, utf8)
                                      : normalize(nfkc_folded, to_valid_utf8(utf8));
    unify(folded);
    return folded;
}

}  // namespace tayori::mail
