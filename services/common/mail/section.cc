#include "common/mail/section.h"

#include <algorithm>

namespace tayori::mail {

std::optional<Slice> resolve(const PartTree& tree, const Section& section) {
    const auto found = tree.find(section.path);
    if (!found) return std::nullopt;
    const Part& part = tree.parts[*found];
    const bool at_root = section.path.empty();

    const auto header_of = [&](std::uint32_t index) {
        const Part& p = tree.parts[index];
        return Slice{index == 0, p.header_offset, p.header_bytes};
    };
    const auto body_of = [&](std::uint32_t index) {
        const Part& p = tree.parts[index];
        return Slice{false, p.body_offset(), p.body_bytes};
    };
    switch (section.text) {
        case SectionText::whole:
            if (at_root) return Slice{true, 0, tree.message_bytes()};
            return body_of(*found);
        case SectionText::mime:
            // MIME needs a part number. Part 1 of a message that is no multipart is described by
            // the message's header.
            if (at_root) return std::nullopt;
            return header_of(*found);
        case SectionText::header:
        case SectionText::header_fields:
        case SectionText::header_fields_not:
            if (at_root) return header_of(0);
            if (part.kind != PartKind::message) return std::nullopt;
            return header_of(*found + 1);
        case SectionText::text:
            if (at_root) return body_of(0);
            if (part.kind != PartKind::message) return std::nullopt;
            return body_of(*found + 1);
    }
    return std::nullopt;
}

Cut cut(const Slice& slice, std::uint64_t prefix_bytes, std::uint64_t first, std::uint64_t count) {
    const std::uint64_t prefix = slice.after_prefix ? prefix_bytes : 0;
    const std::uint64_t total = prefix + slice.bytes;
    first = std::min(first, total);
    count = std::min(count, total - first);
    Cut result;
    result.prefix_offset = std::min(first, prefix);
    result.prefix_bytes = std::min(count, prefix - result.prefix_offset);
    const std::uint64_t skipped = first > prefix ? first - prefix : 0;
    result.offset = slice.offset + skipped;
    result.bytes = count - result.prefix_bytes;
    return result;
}

std::string section_bytes(std::string_view prefix, std::string_view message, const PartTree& tree,
                          const Section& section) {
    const auto slice = resolve(tree, section);
    if (!slice || slice->offset > message.size()) return {};
    const auto bytes = message.substr(slice->offset, slice->bytes);
    const auto before = slice->after_prefix ? prefix : std::string_view();
    if (section.text == SectionText::header_fields)
        return choose_fields(before, bytes, section.fields, FieldChoice::only);
    if (section.text == SectionText::header_fields_not)
        return choose_fields(before, bytes, section.fields, FieldChoice::all_but);
    std::string out(before);
    out += bytes;
    return out;
}

}  // namespace tayori::mail
