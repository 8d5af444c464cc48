// Whole messages: the part tree, the IMAP text made of them, and sections.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "common/mail/body_text.h"
#include "common/mail/charset.h"
#include "common/mail/imap_text.h"
#include "common/mail/limits.h"
#include "common/mail/section.h"
#include "common/mail/summary.h"

using namespace tayori::mail;

namespace {

// Parentheses balance, strings end, literals hold what they announce, and there is no NUL, nor
// 8-bit or a line end outside of literals. Gives the nesting depth.
void check_imap_text(std::string_view text) {
    int depth = 0;
    FUZZ_CHECK(text.find('\0') == std::string_view::npos);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            for (++i; i < text.size() && text[i] != '"'; ++i) {
                FUZZ_CHECK(text[i] != '\r' && text[i] != '\n' &&
                           static_cast<unsigned char>(text[i]) < 128);
                if (text[i] == '\\') ++i;
            }
            FUZZ_CHECK(i < text.size());
        } else if (c == '{') {
            const auto close = text.find("}\r\n", i);
            FUZZ_CHECK(close != std::string_view::npos);
            i = close + 2 + std::stoul(std::string(text.substr(i + 1, close - i - 1)));
            FUZZ_CHECK(i < text.size());
        } else {
            FUZZ_CHECK(c >= 32 && c < 127);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            FUZZ_CHECK(depth >= 0 && (depth > 0 || i + 1 == text.size()));
        }
    }
    FUZZ_CHECK(depth == 0 && text.starts_with('('));
}

void check_parts(std::string_view message, const PartTree& tree) {
    FUZZ_CHECK(!tree.parts.empty() && tree.parts.size() <= kMimePartsMax);
    FUZZ_CHECK(tree.message_bytes() == message.size());
    for (const auto& part : tree.parts) {
        FUZZ_CHECK(part.body_offset() + part.body_bytes <= message.size());
        const auto body = message.substr(part.body_offset(), part.body_bytes);
        FUZZ_CHECK(part.lines ==
                   static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n')));
    }
}

void check_section(std::string_view message, const PartTree& tree, Section section) {
    constexpr std::string_view kPrefix = "P: q\r\n";
    const auto slice = resolve(tree, section);
    if (!slice) return;
    FUZZ_CHECK(slice->offset + slice->bytes <= message.size());
    const auto bytes = section_bytes(kPrefix, message, tree, section);
    if (section.text == SectionText::header_fields ||
        section.text == SectionText::header_fields_not) {
        FUZZ_CHECK(bytes.ends_with("\r\n"));
        return;
    }
    FUZZ_CHECK(bytes.size() == slice->total(kPrefix.size()));
    const auto part = cut(*slice, kPrefix.size(), 3, 10);
    const auto joined = std::string(kPrefix.substr(part.prefix_offset, part.prefix_bytes)) +
                        std::string(message.substr(part.offset, part.bytes));
    FUZZ_CHECK(joined == (bytes.size() > 3 ? bytes.substr(3, 10) : ""));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const auto summary = make_summary(message);
    const auto tree = decode_part_tree(summary.parts);
    FUZZ_CHECK(tree && encode(*tree) == summary.parts);
    check_parts(message, *tree);
    check_imap_text(summary.envelope);
    check_imap_text(summary.bodystructure);
    check_imap_text(body_from_bodystructure(summary.bodystructure));
    FUZZ_CHECK(is_valid_utf8(summary.subject_key) && is_valid_utf8(summary.message_id));
    FUZZ_CHECK(is_valid_utf8(summary.from_key));
    FUZZ_CHECK(summary.header_bytes == header_bytes(message) ||
               message.find("--") != std::string_view::npos);

    SummaryBuilder pieces;
    std::size_t step = size > 0 ? data[0] % 5 + 1u : 1;
    for (std::size_t i = 0; i < message.size(); i += step, step = step % 7 + 1)
        pieces.feed(message.substr(i, step));
    const auto again = pieces.finish();
    FUZZ_CHECK(again.parts == summary.parts && again.bodystructure == summary.bodystructure);
    FUZZ_CHECK(again.envelope == summary.envelope && again.header == summary.header);

    for (const auto text : {SectionText::whole, SectionText::header, SectionText::header_fields,
                            SectionText::header_fields_not, SectionText::text, SectionText::mime})
        for (const auto& path :
             {std::vector<std::uint32_t>{}, {1}, {2}, {1, 1}, {1, 2}, {2, 1}, {1, 1, 1}})
            check_section(message, *tree, {path, text, {"subject"}});
    body_contains(message, *tree, "needle");
    for (const auto& part : tree->parts)
        FUZZ_CHECK(is_valid_utf8(
            html_to_text(decode_part_text(message.substr(part.header_offset, part.header_bytes),
                                          message.substr(part.body_offset(), part.body_bytes)))));

    // Any bytes as a stored blob or stored text.
    if (const auto stored = decode_part_tree(message))
        FUZZ_CHECK(decode_part_tree(encode(*stored)) == stored);
    body_from_bodystructure(message);
    return 0;
}
