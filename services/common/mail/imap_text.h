// ENVELOPE as IMAP text (RFC 3501 §7.4.2), and the strings it is made of.
//
// All text is legal for clients that know no UTF-8: 8-bit text and line ends go out as literals
// ({n}CRLF and the bytes as they are), NUL is left out. So a piece of text may contain literals and
// must not be cut.
#pragma once

#include <string>
#include <string_view>

namespace tayori::mail {

void append_imap_string(std::string& out, std::string_view text);   // quoted or literal
void append_imap_nstring(std::string& out, std::string_view text);  // NIL when empty

// What a literal may not hold (RFC 3501 §9: CHAR8 is any octet but NUL) becomes 0x80, so that sizes and offsets stay
// those of the stored message. POP3 and the store keep the octet.
void mask_nul(std::string& text);

// The envelope of a header, in parentheses. Sender and Reply-To default to From; an empty list is
// NIL; an address without domain has "" as host, since NIL would make it a group.
std::string envelope_text(std::string_view header);

// BODY out of BODYSTRUCTURE: the same without extension data.
std::string body_from_bodystructure(std::string_view bodystructure);

}  // namespace tayori::mail
