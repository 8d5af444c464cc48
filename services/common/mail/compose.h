// Mails that are written here: answers and notices. Pure: values in, a whole mail out, with CRLF line ends.
//
// No value can make a field of its own: control characters become spaces wherever they stand in a header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/mail/date.h"
#include "common/mail/encoded_word.h"

namespace tayori::mail {

inline constexpr std::size_t kReplySubjectBytesMax = 500;  // of UTF-8, of a subject that is made from another mail's
inline constexpr std::size_t kTextLineBytesMax = 998;      // RFC 5322 §2.1.1

struct NamedAddress {
    std::string name;     // UTF-8, may be empty
    std::string address;  // local@domain
};

enum class Echo { none, header, whole };  // of the mail that is answered

struct NewMail {
    NamedAddress from;
    std::vector<NamedAddress> to;
    NamedAddress reply_to;                // none where its address is empty
    std::string subject;                  // UTF-8
    std::string text;                     // UTF-8, any line ends
    std::string html;                     // besides the text, where there is some
    TextCharset charset = TextCharset::utf8;
    std::string auto_submitted;           // "auto-replied", "auto-generated" (RFC 3834 §5)
    std::string message_id;               // without angle brackets, as all of these
    std::string in_reply_to;
    std::vector<std::string> references;
    MailDate date;
    std::string unique;                   // random text: no boundary made of it occurs in anything here
    Echo echo = Echo::none;
    std::string original;                 // what is echoed: a mail, or its header
};
std::string compose(const NewMail& mail);

// "anna <anna@a.test>", encoded, for a field that begins at `column`.
std::string mailbox_text(const NamedAddress& mailbox, std::size_t column, TextCharset charset = TextCharset::utf8);

// A body with the fields that say what it is: "Content-Type: text/plain; …", a blank line, the text. 7bit where that will do, else
// quoted-printable or base64, whichever is shorter.
std::string text_entity(std::string_view subtype, std::string_view utf8, TextCharset charset = TextCharset::utf8);

// Another mail as a part (RFC 2046 §5.2.1), or its header alone (RFC 6522 §4): its fields, a blank line, its bytes.
std::string enclosed_mail_entity(std::string_view original, Echo echo);

// The subject of an automatic answer: "Auto: " and the other's (RFC 3834 §3.1.5, RFC 5230 §5.3), which has lost the "Re:" and
// "Auto:" that earlier answers have put before it.
std::string reply_subject(std::string_view subject_utf8);

// What In-Reply-To and References say of an answer to a mail with this header (RFC 5322 §3.6.4, RFC 3834 §3.1.6).
struct Threading {
    std::string in_reply_to;
    std::vector<std::string> references;
};
Threading reply_threading(std::string_view header);

}  // namespace tayori::mail
