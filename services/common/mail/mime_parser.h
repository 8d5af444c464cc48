// Takes a message in pieces as it arrives, one pass, memory bounded whatever its size: gives the
// part tree, BODYSTRUCTURE, ENVELOPE and the root header at the end. Bodies cost one memchr a line.
//
// What it makes of broken MIME:
// - A missing end boundary: the part ends where an outer boundary or the message does.
// - A line is a delimiter when it is the boundary and nothing but white space behind it, so that
//   one boundary may be the beginning of another. The innermost match counts.
// - The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
// - A multipart without boundary or without any delimiter is TEXT/PLAIN, so that it can be read.
// - Past kMimeDepthMax or kMimePartsMax a part is APPLICATION/OCTET-STREAM, whole.
// - A header without blank line ends as HeaderEnd (header.h) says.
// - MIME-Version isn't asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/header.h"
#include "common/mail/part_shape.h"
#include "common/mail/part_tree.h"

namespace tayori::mail {

struct ParsedMessage {
    PartTree tree;
    std::string bodystructure;  // IMAP text, with extension data
    std::string envelope;       // IMAP text
    std::string header;         // of the message, raw; at most kHeaderBytesMax
};

class MimeParser {
  public:
    MimeParser();
    void feed(std::string_view bytes);
    ParsedMessage finish();  // once

  private:
    enum class State { header, body };

    // A line's beginning, which is all that decides anything, and where it stands.
    struct Line {
        std::string_view head;
        std::uint64_t offset = 0;
        std::uint64_t bytes = 0;
        std::uint64_t lines_before = 0;     // line ends in the message before it
        std::uint64_t line_end_before = 0;  // bytes of the line end right before it: 0, 1 or 2
    };
    struct Doubt {  // a line of a header that may turn out to be the body's first
        std::string head;
        Line line;
        std::size_t header_kept = 0;
    };
    struct Open {  // a part that has begun and not ended
        std::uint32_t part = 0;
        std::uint64_t lines_before = 0;  // its body
        std::string boundary;            // with "--"; empty for all but a multipart before its end
        bool is_digest = false;
    };

    std::size_t head_bytes_max() const;
    void take_line(std::string_view head, std::uint64_t bytes);
    void process(const Line& line);
    void header_line(const Line& line);
    bool delimiter(const Line& line);
    void begin_part(std::uint64_t offset, std::uint64_t lines_before);
    void end_header(std::uint64_t offset, std::uint64_t lines_before);
    void settle_doubt();
    void settle_headers(const Line& at);
    void end_parts(std::size_t keep, const Line& at);
    void put_structure(std::string& out, std::uint32_t index) const;

    State state_ = State::header;
    PartTree tree_;
    std::vector<PartShape> shapes_;
    std::vector<Open> open_;
    ShapeBudget budget_;
    std::string header_;  // of the part whose header is being read, at most kHeaderBytesMax
    std::string root_header_;
    std::string envelope_;
    HeaderEnd header_end_;
    std::optional<Doubt> doubt_;

    std::string head_;           // of a line that comes in pieces
    std::uint64_t pending_ = 0;  // its bytes so far
    char last_ = '\0';           // its last byte so far
    std::uint64_t offset_ = 0;   // of the line that is being read
    std::uint64_t lines_ = 0;
    std::uint64_t line_end_ = 0;  // bytes of the last line end
};

}  // namespace tayori::mail
