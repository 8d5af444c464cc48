// What an IMAP server says (RFC 3501 §7), as values. The server may be hostile: every count and every nesting has a
// bound (limits.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/live/link.h"

namespace tayori::legacy {

struct ImapValue {
    enum class Kind : std::uint8_t { nil, atom, string, list };
    Kind kind = Kind::nil;
    std::string text;               // of an atom or a string; "BODY[HEADER.FIELDS (DATE)]" is one atom
    std::vector<ImapValue> values;  // of a list

    bool is(std::string_view word) const;  // an atom, in any case
};

struct ImapResponse {
    enum class Kind : std::uint8_t { untagged, tagged, more };  // "*", a tag, "+"
    Kind kind = Kind::untagged;
    std::string tag;
    std::uint64_t number = 0;       // "* 23 FETCH", "* 5 EXISTS"; 0: none
    std::string name;               // capitals: "OK", "FETCH", "LIST"
    std::vector<ImapValue> code;    // of OK, NO, BAD, BYE, PREAUTH: what stands in brackets
    std::string text;               // behind it
    std::vector<ImapValue> values;  // of all others
};

// The next response, with its literals. corrupt: no response by any reading; too_big: a literal above
// `literal_bytes_max`. After either the link is of no use.
Result<ImapResponse> read_response(LinkReader& reader, std::uint64_t literal_bytes_max);

// 1 … 2³²-1 (nz-number of RFC 3501 §9). 0: it is none.
std::uint32_t imap_number(std::string_view text);

}  // namespace tayori::legacy
