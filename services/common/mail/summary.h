// What is kept of a message for listing, sorting, threading and searching it without its body. Made
// once, at intake. Everything speaks of the message as received: the recipient's prefix is not in
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/date.h"
#include "common/mail/mime_parser.h"

namespace tayori::mail {

struct Summary {
    std::uint64_t message_bytes = 0;
    std::uint64_t header_bytes = 0;  // with the blank line
    std::string header;              // its first kSummaryHeaderBytesMax bytes
    std::string envelope;            // IMAP text, see imap_text.h; may hold literals
    std::string bodystructure;       // likewise; BODY is body_from_bodystructure() of it
    std::string parts;               // encode(PartTree)
    std::optional<MailDate> sent;    // Date; without it INTERNALDATE counts (RFC 5256 §2.2)
    std::string subject_key;         // base subject (RFC 5256 §2.1), folded for comparing
    bool is_reply_or_forward = false;
    std::string from_key;  // first mailbox of From, To and Cc, folded: SORT (RFC 5256 §3)
    std::string to_key;
    std::string cc_key;
    std::string message_id;  // without <>, "" if none
    std::vector<std::string>
        references;  // parents, oldest first; In-Reply-To where there are no References

    bool header_is_whole() const { return header.size() == header_bytes; }
};

// In pieces as the message arrives, or in one go. About 1 GB/s and more on bodies, a few µs for a
// header.
class SummaryBuilder {
  public:
    void feed(std::string_view bytes) { parser_.feed(bytes); }
    Summary finish();  // once

  private:
    MimeParser parser_;
};
Summary make_summary(std::string_view message);

struct BaseSubject {
    std::string text;  // UTF-8, not folded
    bool is_reply_or_forward = false;
};
// RFC 5256 §2.1, of a raw Subject value.
BaseSubject base_subject(std::string_view value);

// The message ids in a References, In-Reply-To or Message-ID value, without <>.
std::vector<std::string> parse_message_ids(std::string_view value);

}  // namespace tayori::mail
