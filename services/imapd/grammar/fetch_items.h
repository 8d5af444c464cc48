// What FETCH asks for (RFC 3501 §6.4.5, RFC 7162 §3.1.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/mail/section.h"
#include "imapd/grammar/cursor.h"

namespace tayori::imap {

struct Partial {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
};

// A section that is answered with its bytes: BODY[…], RFC822, RFC822.HEADER, RFC822.TEXT.
struct BodyItem {
    mail::Section section;
    std::optional<Partial> partial;
    bool sets_seen = true;  // false: BODY.PEEK, RFC822.HEADER
    std::string label;      // as the answer names it: BODY[HEADER.FIELDS (FROM)]<0>
    bool whole_message() const {
        return section.path.empty() && section.text == mail::SectionText::whole;
    }
    bool chooses_fields() const {
        return section.text == mail::SectionText::header_fields ||
               section.text == mail::SectionText::header_fields_not;
    }
};

struct FetchItems {
    bool flags = false;
    bool uid = false;
    bool internal_date = false;
    bool size = false;
    bool modseq = false;
    bool envelope = false;
    bool body = false;
    bool body_structure = false;
    std::vector<BodyItem> bodies;
    std::optional<std::uint64_t> changed_since;

    bool needs_summary() const { return envelope || body || body_structure; }
    bool sets_seen() const;
};

Result<FetchItems> parse_fetch(Cursor& cursor);
// "[1.2.HEADER.FIELDS (From To)]<0.100>", what follows BODY or BODY.PEEK.
Result<BodyItem> parse_body_section(Cursor& cursor);

}  // namespace tayori::imap
