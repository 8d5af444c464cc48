// Text into headers (encoded_word.h).
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/japanese.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kHeaderLineMax = 76;      // of a line with an encoded-word (RFC 2047 §2); others might have 78
constexpr std::size_t kPlainWordMax = 900;      // longer ones are encoded, as no line may pass 998
constexpr std::size_t kWordRoomMin = 24;        // a word with less room goes to the next line

bool is_phrase_char(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-/=?^_`{|}~ ").find(c) != std::string_view::npos;
}

// One line of valid UTF-8, without what could end it or command a terminal.
std::string as_one_line(std::string_view utf8) {
    auto text = to_valid_utf8(utf8);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return std::string(trim(text));
}

bool must_be_encoded(std::string_view word) {
    return !is_ascii(word) || word.size() > kPlainWordMax || word.find("=?") != std::string_view::npos;
}

// RFC 2047 §5(3): what may stand for itself in a phrase, too.
bool is_q_literal(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           std::string_view("!*+-/").find(c) != std::string_view::npos;
}

std::string q_encode(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        if (c == ' ') out += '_';
        else if (is_q_literal(c)) out += c;
        else append(out, '=', to_upper(hex_encode(std::string_view(&c, 1))));
    }
    return out;
}

// Writes pieces with the column in mind.
class HeaderWriter {
  public:
    HeaderWriter(std::size_t column, TextCharset charset) : column_(column), charset_(charset) {}
    std::string take() { return std::move(out_); }

    // A word with the spaces before it.
    void plain(std::string_view spaces, std::string_view word) {
        if (column_ + spaces.size() + word.size() > kHeaderLineMax && (!out_.empty() || column_ > 1)) {
            // Folding puts a line end before white space (RFC 5322 §2.2.3): where there is none, one is no loss at a value's beginning.
            out_ += "\r\n";
            column_ = 0;
            if (spaces.empty()) spaces = " ";
        }
        append(out_, spaces, word);
        column_ += spaces.size() + word.size();
    }

    // Text as encoded-words, one behind the other: the space between them is not part of the text (RFC 2047 §6.2).
    void encoded(std::string_view spaces, std::string_view text) {
        const auto whole = charset_ == TextCharset::iso_2022_jp ? japanese::encode_iso_2022_jp(text) : std::nullopt;
        const bool as_jis = whole.has_value();
        const auto is_escaped = [](char c) { return !is_q_literal(c) && c != ' '; };
        const auto high = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_escaped));
        const bool as_q = !as_jis && high * 3 < text.size();
        bool first = true;
        while (!text.empty()) {
            const auto gap = first ? spaces : std::string_view(" ");
            if (column_ + gap.size() + kWordRoomMin > kHeaderLineMax) {
                out_ += "\r\n";
                column_ = 0;
            }
            const auto before = column_ == 0 && gap.empty() ? std::string_view(" ") : gap;
            const auto room = kHeaderLineMax - std::min(column_ + before.size(), kHeaderLineMax - kWordRoomMin);
            const auto word = take_word(text, std::min<std::size_t>(room, 75), as_jis, as_q);
            append(out_, before, word);
            column_ += before.size() + word.size();
            first = false;
        }
    }

  private:
    // The longest encoded-word of whole characters that has room; at least one character.
    static std::string take_word(std::string_view& text, std::size_t room, bool as_jis, bool as_q) {
        std::string best;
        std::size_t taken = 0;
        while (taken < text.size()) {
            auto next = taken + std::max<std::size_t>(utf8_sequence(text, taken), 1);
            // A mark that joins a half-width kana stays with it.
            const auto tail = text.substr(next, 3);
            if (as_jis && (tail == "ﾞ" || tail == "ﾟ")) next += 3;
            auto word = word_of(text.substr(0, next), as_jis, as_q);
            if (word.size() > room && taken > 0) break;
            best = std::move(word);
            taken = next;
        }
        text.remove_prefix(taken);
        return best;
    }
    static std::string word_of(std::string_view text, bool as_jis, bool as_q) {
        if (as_jis) return cat("=?ISO-2022-JP?B?", base64_encode(japanese::encode_iso_2022_jp(text).value_or(std::string())), "?=");
        if (as_q) return cat("=?UTF-8?Q?", q_encode(text), "?=");
        return cat("=?UTF-8?B?", base64_encode(text), "?=");
    }

    std::string out_;
    std::size_t column_;
    TextCharset charset_;
};

struct SpacedWord {
    std::string_view spaces, word;
};
SpacedWord take_spaced_word(std::string_view& rest) {
    SpacedWord next;
    const auto begin = std::min(rest.find_first_not_of(' '), rest.size());
    next.spaces = rest.substr(0, begin);
    rest.remove_prefix(begin);
    const auto end = std::min(rest.find(' '), rest.size());
    next.word = rest.substr(0, end);
    rest.remove_prefix(end);
    return next;
}

// From the beginning of the first word that must be encoded to the end of the last.
std::pair<std::size_t, std::size_t> range_to_encode(std::string_view line) {
    std::size_t from = line.size(), to = 0;
    for (auto rest = line; !rest.empty();) {
        const auto next = take_spaced_word(rest);
        if (!must_be_encoded(next.word)) continue;
        const auto at = static_cast<std::size_t>(next.word.data() - line.data());
        from = std::min(from, at);
        to = at + next.word.size();
    }
    return {from, std::max(from, to)};
}

void put_words(HeaderWriter& writer, std::string_view text) {
    while (!text.empty()) {
        const auto next = take_spaced_word(text);
        writer.plain(next.spaces, next.word);
    }
}

}  // namespace

std::string encode_header_text(std::string_view utf8, std::size_t column, TextCharset charset) {
    const auto line = as_one_line(utf8);
    const std::string_view view = line;
    auto [from, to] = range_to_encode(view);
    HeaderWriter writer(column, charset);
    if (from == to) {
        put_words(writer, view);
        return writer.take();
    }
    // The space before the first of them is the fold's or the word's gap; more of them would be lost between words.
    const auto before = view.substr(0, from);
    const auto last = before.find_last_not_of(' ');
    const auto plain_end = last == std::string_view::npos ? 0 : last + 1;
    put_words(writer, view.substr(0, plain_end));
    writer.encoded(view.substr(plain_end, from - plain_end), view.substr(from, to - from));
    put_words(writer, view.substr(to));
    return writer.take();
}

std::string encode_phrase(std::string_view utf8, std::size_t column, TextCharset charset) {
    const auto line = as_one_line(utf8);
    if (line.empty()) return {};
    HeaderWriter writer(column, charset);
    const bool quotable = is_ascii(line) && line.size() <= kPlainWordMax && line.find("=?") == std::string::npos;
    if (!quotable) {
        writer.encoded({}, line);
        return writer.take();
    }
    if (std::all_of(line.begin(), line.end(), is_phrase_char)) {
        put_words(writer, line);
        return writer.take();
    }
    std::string quoted = "\"";
    for (const char c : line) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    quoted += '"';
    put_words(writer, quoted);
    return writer.take();
}

}  // namespace tayori::mail
