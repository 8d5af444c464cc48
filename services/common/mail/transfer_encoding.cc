#include "common/mail/transfer_encoding.h"

#include <array>

#include "common/base/text.h"

namespace tayori::mail {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> base64_sextets() {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i)
        table[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
    return table;
}
constexpr auto kBase64Sextets = base64_sextets();

// Longer runs of white space are written out before their line's end is known.
constexpr std::size_t kHeldSpacesMax = 1000;

}  // namespace

TransferEncoding parse_transfer_encoding(std::string_view value) {
    value = trim(value);
    const auto token = value.substr(0, value.find_first_of(" \t\r\n;("));
    if (equals_ignoring_case(token, "base64")) return TransferEncoding::base64;
    if (equals_ignoring_case(token, "quoted-printable")) return TransferEncoding::quoted_printable;
    return TransferEncoding::identity;
}

void TransferDecoder::feed(std::string_view bytes, std::string& out) {
    switch (encoding_) {
        case TransferEncoding::identity:
            out += bytes;
            break;
        case TransferEncoding::base64:
            feed_base64(bytes, out);
            break;
        case TransferEncoding::quoted_printable:
            feed_quoted_printable(bytes, out);
            break;
    }
}

// Characters outside the alphabet are skipped (RFC 2045 §6.8). "=" ends a group; what follows
// starts a new one, as in attachments that were encoded in pieces.
void TransferDecoder::feed_base64(std::string_view bytes, std::string& out) {
    out.reserve(out.size() + bytes.size() / 4 * 3 + 3);
    for (const char c : bytes) {
        const int sextet = kBase64Sextets[static_cast<unsigned char>(c)];
        if (sextet >= 0) {
            bits_ = bits_ << 6 | static_cast<std::uint32_t>(sextet);
            if (++sextets_ < 4) continue;
            const char three[] = {static_cast<char>(bits_ >> 16), static_cast<char>(bits_ >> 8),
                                  static_cast<char>(bits_)};
            out.append(three, 3);
            bits_ = 0;
            sextets_ = 0;
        } else if (c == '=') {
            finish(out);
        }
    }
}

// RFC 2045 §6.7: white space at the end of a line goes, "=" there joins lines; a "=" that is
// neither stays as it is.
void TransferDecoder::feed_quoted_printable(std::string_view bytes, std::string& out) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        const bool after_equals = !held_.empty() && held_[0] == '=';
        if (after_equals) {
            const bool has_digit = held_.size() == 2 && hex_digit(held_[1]) >= 0;
            if (c == '\n') {
                held_.clear();  // "=", white space, line end: a soft break
            } else if (has_digit && hex_digit(c) >= 0) {
                out += static_cast<char>(hex_digit(held_[1]) * 16 + hex_digit(c));
                held_.clear();
            } else if (held_.size() == 1 ? hex_digit(c) >= 0 : false) {
                held_ += c;
            } else if ((c == ' ' || c == '\t' || c == '\r') && !has_digit &&
                       held_.size() < kHeldSpacesMax) {
                held_ += c;
            } else {
                out += held_;
                held_.clear();
                --i;  // and now without the "="
            }
        } else if (c == '=') {
            out += held_;
            held_ = "=";
        } else if ((c == ' ' || c == '\t') && held_.size() < kHeldSpacesMax) {
            held_ += c;
        } else if (c == '\r' && held_.size() < kHeldSpacesMax) {
            held_ += c;
        } else if (c == '\n') {
            const bool crlf = !held_.empty() && held_.back() == '\r';
            out += crlf ? "\r\n" : "\n";
            held_.clear();
        } else {
            out += held_;
            held_.clear();
            out += c;
        }
    }
}

void TransferDecoder::finish(std::string& out) {
    if (encoding_ == TransferEncoding::quoted_printable) {
        if (!held_.empty() && held_[0] == '=' && held_.size() > 1) out += held_;
        held_.clear();
        return;
    }
    if (sextets_ >= 2) out += static_cast<char>(bits_ >> (sextets_ == 2 ? 4 : 10));
    if (sextets_ == 3) out += static_cast<char>(bits_ >> 2);
    bits_ = 0;
    sextets_ = 0;
}

std::string decode_transfer(std::string_view bytes, TransferEncoding encoding) {
    std::string out;
    TransferDecoder decoder(encoding);
    decoder.feed(bytes, out);
    decoder.finish(out);
    return out;
}

}  // namespace tayori::mail
