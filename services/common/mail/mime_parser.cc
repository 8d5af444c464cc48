#include "common/mail/mime_parser.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/text.h"
#include "common/mail/imap_text.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

// Enough of a line to tell a field's name; a delimiter with its boundary fits in, too.
constexpr std::size_t kHeadBytes = kFieldNameBytesMax + 2;
static_assert(kHeadBytes > kBoundaryBytesMax + 8);

std::string_view without_space(std::string_view line) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r' ||
                             line.back() == '\n'))
        line.remove_suffix(1);
    return line;
}

// Whole lines up to the next one that begins with "--". Of a body only those can be delimiters; the others, which most of
// most mail is, need nothing but to be counted.
struct PlainLines {
    std::size_t bytes = 0;
    std::uint64_t lines = 0;
};
PlainLines count_lines(std::string_view bytes) {
    PlainLines plain;
    while (plain.bytes < bytes.size() && !bytes.substr(plain.bytes).starts_with("--")) {
        const auto* found = std::memchr(bytes.data() + plain.bytes, '\n', bytes.size() - plain.bytes);
        if (found == nullptr) break;
        plain.bytes = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
        ++plain.lines;
    }
    return plain;
}

}  // namespace

MimeParser::MimeParser() { begin_part(0, 0); }

void MimeParser::begin_part(std::uint64_t offset, std::uint64_t lines_before) {
    const auto index = static_cast<std::uint32_t>(tree_.parts.size());
    tree_.parts.push_back({});
    tree_.parts.back().header_offset = offset;
    shapes_.emplace_back();
    open_.push_back({index, lines_before, {}, false});
    header_.clear();
    header_end_ = {};
    state_ = State::header;
}

// How much of the current line is kept while it comes in pieces.
std::size_t MimeParser::head_bytes_max() const {
    if (state_ == State::body) return kHeadBytes;
    return std::max(kHeadBytes, kHeaderBytesMax - header_.size());
}

void MimeParser::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (state_ == State::body && pending_ == 0) {
            const auto plain = count_lines(bytes);
            if (plain.lines > 0) {
                offset_ += plain.bytes;
                lines_ += plain.lines;
                line_end_ = bytes.substr(0, plain.bytes).ends_with("\r\n") ? 2 : 1;
                bytes.remove_prefix(plain.bytes);
                continue;
            }
        }
        const auto* found = std::memchr(bytes.data(), '\n', bytes.size());
        const auto n =
            found == nullptr
                ? bytes.size()
                : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
        const auto piece = bytes.substr(0, n);
        bytes.remove_prefix(n);
        if (found != nullptr && pending_ == 0) {
            take_line(piece, n);
            continue;
        }
        const auto room = head_bytes_max() - std::min(head_bytes_max(), head_.size());
        head_ += piece.substr(0, room);
        pending_ += n;
        if (found != nullptr) {
            if (n > 1) last_ = piece[n - 2];
            const bool crlf = last_ == '\r';
            // Of a line longer than its head only the head is looked at; its line end is known all
            // the same.
            const auto head = std::exchange(head_, {});
            take_line(head, std::exchange(pending_, 0));
            line_end_ = crlf ? 2 : 1;
        }
        last_ = piece.back();
    }
}

void MimeParser::take_line(std::string_view head, std::uint64_t bytes) {
    process({head.substr(0, head_bytes_max()), offset_, bytes, lines_, line_end_});
    offset_ += bytes;
    lines_ += 1;
    line_end_ = head.ends_with("\r\n") ? 2 : 1;
}

void MimeParser::process(const Line& line) {
    if (line.head.starts_with("--") && line.bytes <= kHeadBytes && delimiter(line)) return;
    if (state_ == State::header) header_line(line);
}

void MimeParser::header_line(const Line& line) {
    switch (header_end_.push(line.head.substr(0, kHeadBytes))) {
        case HeaderEnd::Verdict::header:
            doubt_.reset();
            break;
        case HeaderEnd::Verdict::doubtful:
            doubt_ = Doubt{std::string(line.head.substr(0, kHeadBytes)), line, header_.size()};
            break;
        case HeaderEnd::Verdict::end_behind:
            header_ +=
                line.head.substr(0, kHeaderBytesMax - std::min(kHeaderBytesMax, header_.size()));
            return end_header(line.offset + line.bytes, line.lines_before + 1);
        case HeaderEnd::Verdict::end_before:
            end_header(line.offset, line.lines_before);
            return process(line);
        case HeaderEnd::Verdict::end_earlier:
            settle_doubt();
            return process(line);
    }
    header_ += line.head.substr(0, kHeaderBytesMax - std::min(kHeaderBytesMax, header_.size()));
}

// The doubtful line was the body's first.
void MimeParser::settle_doubt() {
    const auto doubt = std::move(*doubt_);
    doubt_.reset();
    header_.resize(doubt.header_kept);
    end_header(doubt.line.offset, doubt.line.lines_before);
    Line again = doubt.line;
    again.head = doubt.head;
    process(again);
}

// The header of the innermost part ends, and its body begins, at `offset`.
void MimeParser::end_header(std::uint64_t offset, std::uint64_t lines_before) {
    Open& open = open_.back();
    const auto index = open.part;
    Part& part = tree_.parts[index];
    part.header_bytes = offset - part.header_offset;
    open.lines_before = lines_before;
    state_ = State::body;

    const bool in_digest = open_.size() > 1 && open_[open_.size() - 2].is_digest;
    auto shape = read_shape(header_, in_digest ? DefaultType::message : DefaultType::text, budget_);
    if (index == 0) {
        root_header_ = header_;
        envelope_ = envelope_text(header_);
    } else if (tree_.parts[index - 1].kind == PartKind::message) {
        shapes_[index - 1].envelope = envelope_within(header_, budget_);
    }
    const bool has_room = open_.size() < kMimeDepthMax && tree_.parts.size() < kMimePartsMax;
    if ((shape.is_multipart || shape.is_message) && !has_room) become_opaque(shape);
    if (shape.is_multipart && shape.boundary.empty()) become_plain_text(shape);
    if (shape.is_multipart) {
        part.kind = PartKind::multipart;
        open.boundary = cat("--", shape.boundary);
        open.is_digest = shape.is_digest;
    } else if (shape.is_message) {
        part.kind = PartKind::message;
    } else {
        part.kind = shape.is_text ? PartKind::text : PartKind::leaf;
    }
    const bool is_message = shape.is_message;
    shapes_[index] = std::move(shape);
    if (is_message) begin_part(offset, lines_before);
}

bool MimeParser::delimiter(const Line& line) {
    const auto text = without_space(line.head);
    for (auto level = open_.size(); level-- > 0;) {
        const auto& boundary = open_[level].boundary;
        if (boundary.empty() || !text.starts_with(boundary)) continue;
        const auto rest = text.substr(boundary.size());
        if (!rest.empty() && rest != "--") continue;
        const bool closes = !rest.empty();
        if (!closes && tree_.parts.size() >= kMimePartsMax)
            return false;  // the part before keeps it
        settle_headers(line);
        end_parts(level + 1, line);
        if (closes) open_[level].boundary.clear();
        if (closes)
            state_ = State::body;
        else
            begin_part(line.offset + line.bytes, line.lines_before + 1);
        return true;
    }
    return false;
}

// Headers that are still being read end here, without a blank line. Ending one may begin another,
// that of a message within, which is then empty.
void MimeParser::settle_headers(const Line& at) {
    while (state_ == State::header) {
        if (doubt_)
            settle_doubt();
        else
            end_header(at.offset, at.lines_before);
    }
}

// Ends the open parts from `keep` on, before the delimiter or the end of the message at `at`.
void MimeParser::end_parts(std::size_t keep, const Line& at) {
    std::uint64_t end = at.offset - at.line_end_before;
    for (auto level = keep; level < open_.size(); ++level) {
        Part& part = tree_.parts[open_[level].part];
        part.end = static_cast<std::uint32_t>(tree_.parts.size());
        // The outermost keeps its blank line even where the delimiter follows at once; those within
        // stay within it.
        if (level == keep) end = std::max(end, part.body_offset());
        const auto body_offset = std::min(part.body_offset(), end);
        part.header_offset = std::min(part.header_offset, end);
        part.header_bytes = body_offset - part.header_offset;
        part.body_bytes = end - body_offset;
        const auto lines = at.lines_before - (end < at.offset ? 1 : 0);
        part.lines = part.body_bytes == 0 ? 0 : lines - open_[level].lines_before;
    }
    open_.resize(keep);
}

ParsedMessage MimeParser::finish() {
    if (pending_ > 0) {
        // The last line has no end.
        process({head_, offset_, pending_, lines_, line_end_});
        offset_ += pending_;
    }
    const Line at{{}, offset_, 0, lines_, 0};
    settle_headers(at);
    end_parts(0, at);
    for (std::size_t i = 0; i < tree_.parts.size(); ++i) {
        Part& part = tree_.parts[i];
        if (part.kind != PartKind::multipart || part.end > i + 1) continue;
        part.kind = PartKind::text;
        become_plain_text(shapes_[i]);
    }
    ParsedMessage result;
    put_structure(result.bodystructure, 0);
    result.tree = std::move(tree_);
    result.envelope = std::move(envelope_);
    result.header = std::move(root_header_);
    return result;
}

// Recursion is bounded by kMimeDepthMax.
void MimeParser::put_structure(std::string& out, std::uint32_t index) const {
    const Part& part = tree_.parts[index];
    const PartShape& shape = shapes_[index];
    out += '(';
    if (part.kind == PartKind::multipart) {
        for (auto child = index + 1; child < part.end; child = tree_.parts[child].end)
            put_structure(out, child);
        append(out, ' ', shape.subtype, ' ', shape.params, ' ', shape.extension, ')');
        return;
    }
    append(out, shape.type, ' ', shape.params, ' ', shape.fields, ' ', part.body_bytes);
    if (part.kind == PartKind::message) {
        append(out, ' ', shape.envelope, ' ');
        put_structure(out, index + 1);
    }
    if (part.kind != PartKind::leaf) append(out, ' ', part.lines);
    append(out, ' ', shape.md5, ' ', shape.extension, ')');
}

}  // namespace tayori::mail
