// What BODYSTRUCTURE says of one part, read from its header. For mime_parser.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/mail/limits.h"

namespace tayori::mail {

// Optional strings of all parts together; when it is used up they become NIL.
struct ShapeBudget {
    std::size_t bytes = kBodyStructureBytesMax;
};

// IMAP text, each piece ready to be put between spaces.
struct PartShape {
    std::string type;     // "TEXT" "PLAIN"
    std::string subtype;  // "MIXED"; for a multipart
    std::string params;   // ("CHARSET" "UTF-8")
    std::string fields;   // id, description, encoding
    std::string md5;
    std::string extension;  // disposition, language, location
    std::string envelope;   // message/rfc822: of the message within

    // What the parser asks for.
    bool is_text = false;
    bool is_multipart = false;
    bool is_message = false;
    bool is_digest = false;  // children are messages unless they say otherwise (RFC 2046 §5.1.5)
    std::string boundary;
};

enum class DefaultType { text, message };
PartShape read_shape(std::string_view header, DefaultType default_type, ShapeBudget& budget);

// A multipart without parts, shown as text.
void become_plain_text(PartShape& shape);
// A part that is nested too deeply.
void become_opaque(PartShape& shape);

std::string envelope_within(std::string_view header, ShapeBudget& budget);

}  // namespace tayori::mail
