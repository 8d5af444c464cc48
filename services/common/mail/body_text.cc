#include "common/mail/body_text.h"

#include <algorithm>
#include <functional>

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"
#include "common/mail/html_text.h"
#include "common/mail/limits.h"
#include "common/mail/params.h"
#include "common/mail/transfer_encoding.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kLineBytesMax =
    4 * kTextBlockBytes;  // a longer line may be cut within a character

struct TextFormat {
    std::string charset;
    TransferEncoding encoding = TransferEncoding::identity;
    bool is_html = false;
    bool has_wide_units = false;  // a line end isn't the byte 10
};

TextFormat read_format(std::string_view header) {
    TextFormat format;
    if (const auto type = find_field(header, "Content-Type")) {
        const auto parsed = parse_content_type(*type);
        format.charset = find_param(parsed.params, "charset");
        format.is_html = parsed.is("text", "html");
    }
    if (const auto encoding = find_field(header, "Content-Transfer-Encoding"))
        format.encoding = parse_transfer_encoding(*encoding);
    const auto charset = to_lower(format.charset);
    format.has_wide_units = charset.starts_with("utf-16") || charset.starts_with("utf-32");
    return format;
}

// Gives the text in blocks of whole lines, so that a large part is never in memory at once. False
// ends it.
void for_each_block(const TextFormat& format, std::string_view body,
                    const std::function<bool(std::string_view utf8)>& visit) {
    TransferDecoder decoder(format.encoding);
    HtmlText html;
    std::string decoded;
    const auto flush = [&](std::size_t bytes) {
        const auto utf8 = to_utf8(std::string_view(decoded).substr(0, bytes), format.charset);
        decoded.erase(0, bytes);
        if (!format.is_html) return visit(utf8);
        std::string text;
        html.feed(utf8, text);
        if (body.empty()) html.finish(text);
        return visit(text);
    };
    while (!body.empty()) {
        decoder.feed(body.substr(0, kTextBlockBytes), decoded);
        body.remove_prefix(std::min(kTextBlockBytes, body.size()));
        if (body.empty() || format.has_wide_units || decoded.size() < kTextBlockBytes) continue;
        const auto lf = decoded.rfind('\n');
        if (lf != std::string::npos) {
            if (!flush(lf + 1)) return;
        } else if (decoded.size() >= kLineBytesMax && !flush(decoded.size())) {
            return;
        }
    }
    decoder.finish(decoded);
    flush(decoded.size());
}

bool text_contains(std::string_view header, std::string_view body, std::string_view folded_needle) {
    std::string window;  // the end of the block before, and this block
    bool found = false;
    for_each_block(read_format(header), body, [&](std::string_view utf8) {
        window += fold_for_search(utf8);
        found = window.find(folded_needle) != std::string::npos;
        const auto keep = folded_needle.empty() ? 0 : folded_needle.size() - 1;
        if (window.size() > keep) window.erase(0, window.size() - keep);
        return !found;
    });
    return found;
}

}  // namespace

std::string decode_part_text(std::string_view header, std::string_view body) {
    std::string out;
    auto format = read_format(header);
    format.is_html = false;
    for_each_block(format, body, [&](std::string_view utf8) {
        out += utf8;
        return true;
    });
    return out;
}

std::string html_to_text(std::string_view utf8_html) {
    std::string out;
    HtmlText html;
    html.feed(utf8_html, out);
    html.finish(out);
    return out;
}

bool field_contains(std::string_view header, std::string_view name,
                    std::string_view folded_needle) {
    Fields fields(header);
    while (const auto field = fields.next()) {
        if (!equals_ignoring_case(field->name, name)) continue;
        if (folded_needle.empty()) return true;
        const auto folded = fold_for_search(decode_header_text(field->value));
        if (folded.find(folded_needle) != std::string::npos) return true;
    }
    return false;
}

bool header_contains(std::string_view header, std::string_view folded_needle) {
    Fields fields(header);
    while (const auto field = fields.next()) {
        const auto folded =
            fold_for_search(cat(field->name, ": ", decode_header_text(field->value)));
        if (folded.find(folded_needle) != std::string::npos) return true;
    }
    return folded_needle.empty();
}

bool body_contains(std::string_view message, const PartTree& tree, std::string_view folded_needle) {
    for (std::uint32_t i = 0; i < tree.parts.size(); ++i) {
        const Part& part = tree.parts[i];
        if (part.body_offset() + part.body_bytes > message.size()) return false;
        const auto header = message.substr(part.header_offset, part.header_bytes);
        const bool is_within = i > 0 && tree.parts[i - 1].kind == PartKind::message;
        if (is_within && header_contains(header, folded_needle)) return true;
        if (part.kind != PartKind::text) continue;
        const auto body = message.substr(part.body_offset(), part.body_bytes);
        if (text_contains(header, body, folded_needle)) return true;
    }
    return folded_needle.empty();
}

}  // namespace tayori::mail
