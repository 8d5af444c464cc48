#include "common/mail/encoded_word.h"

#include <optional>

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"
#include "common/mail/transfer_encoding.h"

namespace tayori::mail {
namespace {

struct EncodedWord {
    std::string_view charset;
    char encoding = 'B';
    std::string_view text;
    std::size_t end = 0;  // in the value, behind "?="
};

bool is_charset_char(char c) { return c > 32 && c < 127 && c != '?' && c != '='; }

// RFC 2047 §4.2: "_" is a space. The rest is quoted-printable.
std::string decode_q(std::string_view text) {
    std::string plain(text);
    for (char& c : plain)
        if (c == '_') c = ' ';
    // A line end keeps the last space from being taken for one that was added on the way.
    plain += "=\n";
    return decode_transfer(plain, TransferEncoding::quoted_printable);
}

class Decoder {
  public:
    explicit Decoder(std::string_view value) : value_(value) {}

    std::string run() {
        std::size_t raw_from = 0;
        for (std::size_t at = value_.find("=?"); at != std::string_view::npos;) {
            const auto word = word_at(at);
            if (!word) {
                at = value_.find("=?", at + 2);
                continue;
            }
            const auto between = value_.substr(raw_from, at - raw_from);
            const bool only_space = between.find_first_not_of(" \t") == std::string_view::npos;
            if (!has_word_ || !only_space) put_raw(between);
            put_word(*word);
            raw_from = word->end;
            at = value_.find("=?", raw_from);
        }
        put_raw(value_.substr(raw_from));
        return std::move(out_);
    }

  private:
    // Programs write encoded-words anywhere, within quotes, with spaces in them, longer than 75
    // bytes (RFC 2047 §2).
    std::optional<EncodedWord> word_at(std::size_t at) {
        std::size_t i = at + 2;
        while (i < value_.size() && i - at < kCharsetLabelBytesMax && is_charset_char(value_[i]))
            ++i;
        const auto charset = value_.substr(at + 2, i - at - 2);
        if (charset.empty() || i + 2 >= value_.size() || value_[i] != '?' || value_[i + 2] != '?')
            return std::nullopt;
        EncodedWord word;
        word.charset = charset.substr(0, charset.find('*'));  // a language may follow (RFC 2231 §5)
        word.encoding = ascii_upper(value_[i + 1]);
        if (word.encoding != 'B' && word.encoding != 'Q') return std::nullopt;
        const auto from = i + 3;
        // Every "?=" lies behind the one found for an earlier word, so all look-ups together are
        // one pass.
        if (close_ < from) close_ = value_.find("?=", from);
        if (close_ == std::string_view::npos) return std::nullopt;
        word.text = value_.substr(from, close_ - from);
        if (word.text.find("=?") != std::string_view::npos)
            return std::nullopt;  // this one has no end
        word.end = close_ + 2;
        return word;
    }

    void put_word(const EncodedWord& word) {
        if (has_word_ && !equals_ignoring_case(word.charset, charset_)) flush_words();
        has_word_ = true;
        charset_ = word.charset;
        bytes_ += word.encoding == 'B' ? decode_transfer(word.text, TransferEncoding::base64)
                                       : decode_q(word.text);
    }

    void put_raw(std::string_view raw) {
        flush_words();
        if (!raw.empty()) out_ += guess_to_utf8(raw);
    }

    void flush_words() {
        if (!has_word_) return;
        out_ += to_utf8(bytes_, charset_);
        bytes_.clear();
        has_word_ = false;
    }

    std::string_view value_;
    std::string out_;
    std::string bytes_;         // of adjacent words, not yet converted
    std::string_view charset_;  // of these
    bool has_word_ = false;
    std::size_t close_ = 0;
};

}  // namespace

std::string decode_header_text(std::string_view value) {
    const auto text = unfold(value);
    if (is_ascii(text) && text.find("=?") == std::string::npos &&
        text.find('\x1b') == std::string::npos)
        return text;
    auto decoded = Decoder(text).run();
    // Decoded text may hold anything; a header's value is one line.
    for (char& c : decoded)
        if (c == '\r' || c == '\n' || c == '\0') c = ' ';
    return decoded;
}

}  // namespace tayori::mail
