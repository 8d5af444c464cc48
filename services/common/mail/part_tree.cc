#include "common/mail/part_tree.h"

#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

constexpr char kBlobVersion = 1;

void put_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
        if (in.empty()) return false;
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

// A child lies within its parent, in bytes and in the order of the array; leaves have no children,
// a message has one.
bool is_consistent(const PartTree& tree) {
    const auto& parts = tree.parts;
    std::vector<std::uint32_t> open;
    for (std::uint32_t i = 0; i < parts.size(); ++i) {
        while (!open.empty() && parts[open.back()].end <= i) open.pop_back();
        const Part& part = parts[i];
        if (part.end <= i || part.end > parts.size()) return false;
        if (i > 0) {
            if (open.empty()) return false;
            const Part& parent = parts[open.back()];
            if (part.end > parent.end || part.header_offset < parent.body_offset()) return false;
            if (part.body_offset() + part.body_bytes > parent.body_offset() + parent.body_bytes)
                return false;
        }
        const bool has_children = part.end > i + 1;
        const bool is_parent = part.kind == PartKind::multipart || part.kind == PartKind::message;
        if (has_children != is_parent) return false;
        if (part.kind == PartKind::message && parts[i + 1].end != part.end) return false;
        open.push_back(i);
    }
    return parts.empty() || parts[0].end == parts.size();
}

}  // namespace

std::optional<std::uint32_t> PartTree::nth_child(std::uint32_t parent, std::uint32_t number) const {
    std::uint32_t child = parent + 1;
    for (; child < parts[parent].end; child = parts[child].end)
        if (--number == 0) return child;
    return std::nullopt;
}

std::optional<std::uint32_t> PartTree::find(std::span<const std::uint32_t> path) const {
    std::uint32_t found = 0;
    // Where the next number counts: a multipart, or a message, whose only part has number 1 unless
    // it is a multipart.
    std::optional<std::uint32_t> holder = 0;
    for (const auto number : path) {
        if (!holder || number == 0) return std::nullopt;
        if (parts[*holder].kind == PartKind::multipart) {
            const auto child = nth_child(*holder, number);
            if (!child) return std::nullopt;
            found = *child;
        } else if (number == 1) {
            found = *holder;
        } else {
            return std::nullopt;
        }
        holder.reset();
        if (parts[found].kind == PartKind::multipart) holder = found;
        if (parts[found].kind == PartKind::message) holder = found + 1;
    }
    return found;
}

// The version, the number of parts, and per part: kind and size of its subtree, bytes from the part
// before it (small numbers make a small blob), sizes and lines.
std::string encode(const PartTree& tree) {
    std::string out(1, kBlobVersion);
    put_varint(out, tree.parts.size());
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < tree.parts.size(); ++i) {
        const Part& part = tree.parts[i];
        put_varint(out, static_cast<std::uint64_t>(part.end - i) << 2 |
                            static_cast<std::uint64_t>(part.kind));
        put_varint(out, part.header_offset - offset);
        put_varint(out, part.header_bytes);
        put_varint(out, part.body_bytes);
        put_varint(out, part.lines);
        offset = part.header_offset;
    }
    return out;
}

std::optional<PartTree> decode_part_tree(std::string_view blob) {
    if (blob.empty() || blob.front() != kBlobVersion) return std::nullopt;
    blob.remove_prefix(1);
    std::uint64_t count = 0;
    if (!take_varint(blob, count) || count == 0 || count > kMimePartsMax) return std::nullopt;
    PartTree tree;
    tree.parts.resize(count);
    std::uint64_t offset = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        Part& part = tree.parts[i];
        std::uint64_t shape = 0, delta = 0;
        if (!take_varint(blob, shape) || !take_varint(blob, delta) ||
            !take_varint(blob, part.header_bytes) || !take_varint(blob, part.body_bytes) ||
            !take_varint(blob, part.lines))
            return std::nullopt;
        constexpr std::uint64_t kSane = std::uint64_t{1} << 48;  // so that sums don't overflow
        if (shape >> 2 > count || delta > kSane || part.header_bytes > kSane ||
            part.body_bytes > kSane)
            return std::nullopt;
        part.kind = static_cast<PartKind>(shape & 3);
        part.end = i + static_cast<std::uint32_t>(shape >> 2);
        part.header_offset = offset += delta;
    }
    if (!blob.empty() || tree.parts[0].header_offset != 0 || !is_consistent(tree))
        return std::nullopt;
    return tree;
}

}  // namespace tayori::mail
