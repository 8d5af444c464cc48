// The parts of a message as offsets into it. Made once at intake (mime_parser.h), kept as a blob in
// the message's summary, and used for FETCH BODY[…] without parsing again.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::mail {

enum class PartKind : std::uint8_t {
    leaf,       // opaque: everything that is none of the others, and what is nested too deeply
    text,       // text/*: BODYSTRUCTURE gives its lines
    multipart,  // has children
    message,    // message/rfc822: has one child, the message within
};

// Offsets count from the first byte of the received message, without the prefix that a recipient's
// copy gets.
struct Part {
    PartKind kind = PartKind::text;
    std::uint32_t end = 1;  // index behind the last descendant
    std::uint64_t header_offset = 0;
    std::uint64_t header_bytes = 0;  // with the blank line
    std::uint64_t body_bytes = 0;
    std::uint64_t lines = 0;  // line ends in the body
    std::uint64_t body_offset() const { return header_offset + header_bytes; }
    bool operator==(const Part&) const = default;
};

// Preorder: parts[0] is the message. The first child of i is i + 1, the sibling after i is
// parts[i].end.
struct PartTree {
    std::vector<Part> parts;
    bool operator==(const PartTree&) const = default;

    std::uint64_t message_bytes() const { return parts[0].header_bytes + parts[0].body_bytes; }
    // The part that a section path names (RFC 3501 §6.4.5), or nothing. An empty path is the
    // message.
    std::optional<std::uint32_t> find(std::span<const std::uint32_t> path) const;
    std::optional<std::uint32_t> nth_child(std::uint32_t parent, std::uint32_t number) const;
};

std::string encode(const PartTree& tree);
// Checked throughout: nothing for a blob that is not a tree, or reaches beyond its own parents.
std::optional<PartTree> decode_part_tree(std::string_view blob);

}  // namespace tayori::mail
