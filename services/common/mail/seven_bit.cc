#include "common/mail/seven_bit.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"
#include "common/mail/params.h"
#include "common/mail/transfer_encoding.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kEncodedLineMax = 76;   // RFC 2045 §6.7, §6.8
constexpr std::size_t kBase64Group = 57;      // makes one such line
constexpr std::size_t kLineHeldMax = 16 * 1024;  // longer ones are taken in pieces

bool has_high_bit(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > 127; });
}

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// What a header says about how its body may be encoded.
struct SevenBitPlan {
    bool multipart = false;
    bool message = false;
    bool fixed = false;  // may not be encoded
    bool encoded = false;
    bool text = false;
    bool typed = false;
    bool mime_version = false;
    std::string boundary;
};

SevenBitPlan plan_of(std::string_view header) {
    SevenBitPlan plan;
    const auto type_field = find_field(header, "Content-Type");
    const auto type = parse_content_type(type_field ? unfold(*type_field) : "");
    plan.typed = type_field.has_value();
    plan.mime_version = find_field(header, "MIME-Version").has_value();
    plan.text = type.is_type("text");
    plan.message = type.is("message", "rfc822") || type.is("message", "global");
    plan.fixed = type.is_type("message") && !plan.message;
    if (type.is_type("multipart")) {
        plan.boundary = find_param(type.params, "boundary");
        plan.multipart = !plan.boundary.empty() && plan.boundary.size() <= kBoundaryBytesMax;
        plan.fixed = !plan.multipart;
    }
    const auto encoding = find_field(header, "Content-Transfer-Encoding");
    const auto how = encoding ? parse_transfer_encoding(unfold(*encoding)) : TransferEncoding::identity;
    plan.encoded = how != TransferEncoding::identity;
    return plan;
}

}  // namespace

void QuotedPrintableEncoder::put(std::string_view piece, std::string& out) {
    // One column is kept for the "=" of a soft line break.
    if (column_ + piece.size() > kEncodedLineMax - 1) {
        out += "=\r\n";
        column_ = 0;
    }
    out += piece;
    column_ += piece.size();
}

void QuotedPrintableEncoder::feed(std::string_view text, std::string& out) {
    for (const char c : text) {
        if (held_ != '\0') put(std::string_view(&held_, 1), out);
        held_ = '\0';
        if (c == ' ' || c == '\t') held_ = c;
        else if (c > 32 && c < 127 && c != '=') put(std::string_view(&c, 1), out);
        else put(cat('=', to_upper(hex_encode(std::string_view(&c, 1)))), out);
    }
}

void QuotedPrintableEncoder::end_line(std::string& out) {
    if (held_ != '\0') put(held_ == ' ' ? "=20" : "=09", out);
    held_ = '\0';
    column_ = 0;
}

void Base64Encoder::feed(std::string_view bytes, std::string& out) {
    held_ += bytes;
    std::size_t at = 0;
    for (; held_.size() - at >= kBase64Group; at += kBase64Group)
        append(out, base64_encode(std::string_view(held_).substr(at, kBase64Group)), "\r\n");
    held_.erase(0, at);
}

void Base64Encoder::finish(std::string& out) {
    if (!held_.empty()) append(out, base64_encode(held_), "\r\n");
    held_.clear();
}

void SevenBitEncoder::check_seven_bit(std::string_view text) {
    if (has_high_bit(text)) impossible_ = true;
}

void SevenBitEncoder::feed(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto piece = bytes.substr(0, end == std::string_view::npos ? end : end + 1);
        bytes.remove_prefix(piece.size());
        line_ += piece;
        if (end != std::string_view::npos) {
            take_line(line_, out);
            line_.clear();
            long_line_ = false;
        } else if (line_.size() > kLineHeldMax && !in_header_) {
            // Not a delimiter; a CR at its end waits for its LF.
            const bool cr = line_.back() == '\r';
            body_line(std::string_view(line_).substr(0, line_.size() - (cr ? 1 : 0)), out);
            line_.assign(cr ? "\r" : "");
            long_line_ = true;
        } else if (in_header_ && header_.size() + line_.size() > kHeaderBytesMax) {
            impossible_ = true;
            line_.clear();
        }
    }
}

void SevenBitEncoder::finish(std::string& out) {
    if (!line_.empty()) take_line(line_, out);
    if (in_header_) end_header(out);
    // The last line end of a mail belongs to its body.
    if (line_end_due_) body_line({}, out);
    end_leaf(out);
}

void SevenBitEncoder::take_line(std::string_view line, std::string& out) {
    const auto text = without_line_end(line);
    if (in_header_) {
        if (header_.size() + line.size() > kHeaderBytesMax) impossible_ = true;
        if (text.empty() || impossible_) end_header(out);
        // A part without a header's end: its delimiter comes all the same.
        else if (!take_delimiter(text, out)) append(header_, text, "\r\n");
        return;
    }
    if (!long_line_ && take_delimiter(text, out)) return;
    body_line(text, out);
    if (line.ends_with('\n')) {
        if (body_ == Body::quoted_printable) quoted_.end_line(out);
        line_end_due_ = true;
    }
}

// The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1), so each is written with the line behind it.
void SevenBitEncoder::body_line(std::string_view text, std::string& out) {
    if (std::exchange(line_end_due_, false)) {
        if (body_ == Body::base64) base64_.feed("\r\n", out);
        else out += "\r\n";
    }
    switch (body_) {
        case Body::as_is:
            check_seven_bit(text);
            out += text;
            break;
        case Body::quoted_printable: quoted_.feed(text, out); break;
        case Body::base64: base64_.feed(text, out); break;
    }
}

bool SevenBitEncoder::take_delimiter(std::string_view text, std::string& out) {
    for (auto at = boundaries_.size(); at-- > 0;) {
        if (!text.starts_with(boundaries_[at])) continue;
        const auto rest = trim(text.substr(boundaries_[at].size()));
        if (!rest.empty() && rest != "--") continue;
        if (in_header_) end_header(out);
        const bool base64 = body_ == Body::base64;
        end_leaf(out);
        if (std::exchange(line_end_due_, false) && !base64) out += "\r\n";
        append(out, text, "\r\n");
        boundaries_.resize(rest.empty() ? at + 1 : at);
        body_ = Body::as_is;
        in_header_ = rest.empty();
        header_.clear();
        return true;
    }
    return false;
}

void SevenBitEncoder::end_leaf(std::string& out) {
    if (body_ == Body::quoted_printable) quoted_.end_line(out);
    if (body_ == Body::base64) base64_.finish(out);
}

void SevenBitEncoder::end_header(std::string& out) {
    in_header_ = false;
    line_end_due_ = false;
    check_seven_bit(header_);
    const auto plan = plan_of(header_);
    const bool container = plan.multipart || plan.message;
    body_ = Body::as_is;
    if (!container && !plan.fixed && !plan.encoded) body_ = plan.text ? Body::quoted_printable : Body::base64;

    Fields fields(header_);
    while (const auto field = fields.next()) {
        const bool replaced = !plan.encoded && equals_ignoring_case(field->name, "Content-Transfer-Encoding");
        if (!replaced) out += field->raw;
    }
    if (root_ && !plan.mime_version) out += "MIME-Version: 1.0\r\n";
    // The charset of a text that says nothing is not ours to guess (RFC 1428 §3).
    if (root_ && !plan.typed) out += "Content-Type: text/plain; charset=unknown-8bit\r\n";
    if (body_ != Body::as_is)
        append(out, "Content-Transfer-Encoding: ", body_ == Body::base64 ? "base64" : "quoted-printable", "\r\n");
    out += "\r\n";
    root_ = false;
    header_.clear();
    if (plan.multipart && boundaries_.size() < kMimeDepthMax) boundaries_.push_back(cat("--", plan.boundary));
    if (plan.message) in_header_ = true;
}

}  // namespace tayori::mail
