// Takes a message in pieces as it arrives, one pass, memory bounded whatever its size: gives the part tree,
// BODYSTRUCTURE, ENVELOPE and the root header at the end. Bodies cost one memchr per line.
//
// What it makes of broken MIME:
// - A missing end boundary: the part ends where an outer boundary or the message does.
// - A line is a delimiter when it is the boundary and nothing but white space behind it, so that one boundary may be
//   the beginning of another; the innermost match counts.
// - The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
// - A multipart without boundary or without any delimiter is shown as TEXT/PLAIN, so that its text can be read.
// - Past kMimeDepthMax or kMimePartsMax a part is shown as APPLICATION/OCTET-STREAM, whole.
// - A header without blank line ends before the first line that is no field and is followed by none.
// - MIME-Version isn't asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
    struct Open {  // a part that has begun and not ended
        std::uint32_t part = 0;
        std::string boundary;  // with its "--"; empty for all but a multipart before its end
        std::uint64_t lines_before = 0;
        bool has_body = false;
    };
    struct Shape {  // what BODYSTRUCTURE says of a part, made when its header ends
        std::string type;      // "TEXT" "PLAIN", quoted
        std::string fields;    // params, id, description, encoding
        std::string params;    // a multipart's
        std::string extension;  // disposition, language, location
        std::string md5;
        std::string envelope;  // message/rfc822: of the message within
    };
    enum class State { header, body, between };

    void line(std::string_view head, std::uint64_t bytes, bool ended);
    void header_line(std::string_view head, std::uint64_t bytes);
    bool delimiter(std::string_view head);
    void begin_part(std::uint64_t offset, bool digest);
    void end_header();
    void end_parts(std::size_t keep);
    void describe(std::string_view header);
    void append_structure(std::string& out, std::uint32_t part) const;

    State state_ = State::header;
    PartTree tree_;
    std::vector<Shape> shapes_;
    std::vector<Open> open_;
    std::string header_;     // of the part whose header is being read
    std::string line_head_;  // of a line that came in pieces
    std::uint64_t line_bytes_ = 0;
};

}  // namespace tayori::mail
