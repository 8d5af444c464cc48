// BODY[section] of IMAP against a part tree (RFC 3501 §6.4.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/header.h"
#include "common/mail/part_tree.h"

namespace tayori::mail {

enum class SectionText {
    whole,              // BODY[], BODY[1.2]
    header,             // BODY[HEADER], BODY[2.HEADER]
    header_fields,      // BODY[HEADER.FIELDS (…)]
    header_fields_not,  // BODY[HEADER.FIELDS.NOT (…)]
    text,               // BODY[TEXT], BODY[2.TEXT]
    mime,               // BODY[1.MIME]
};

struct Section {
    std::vector<std::uint32_t> path;
    SectionText text = SectionText::whole;
    std::vector<std::string> fields;  // of header_fields and header_fields_not
};

// Bytes of the received message; with `after_prefix` the recipient's prefix stands in front of
// them. For header_fields and header_fields_not they are the header to choose from.
struct Slice {
    bool after_prefix = false;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t total(std::uint64_t prefix_bytes) const {
        return bytes + (after_prefix ? prefix_bytes : 0);
    }
    bool operator==(const Slice&) const = default;
};
// Nothing when the message has no such section; FETCH then answers with an empty string or NIL.
std::optional<Slice> resolve(const PartTree& tree, const Section& section);

// BODY[…]<first.count>: which bytes of the prefix, then which of the message. Past the end both are
// empty.
struct Cut {
    std::uint64_t prefix_offset = 0;
    std::uint64_t prefix_bytes = 0;
    std::uint64_t offset = 0;  // in the message
    std::uint64_t bytes = 0;
    bool operator==(const Cut&) const = default;
};
Cut cut(const Slice& slice, std::uint64_t prefix_bytes, std::uint64_t first = 0,
        std::uint64_t count = UINT64_MAX);

// The section's bytes out of a whole message; the general case for a caller that has it in memory.
std::string section_bytes(std::string_view prefix, std::string_view message, const PartTree& tree,
                          const Section& section);

}  // namespace tayori::mail
