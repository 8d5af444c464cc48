// May a mail be answered by a program? Auto-replies that answer other programs, lists or themselves make loops and floods; all that is
// known against an answer is asked here (RFC 3834 §2, RFC 5230 §4.5 and §4.6, and what other programs mark their mail with).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::mail {

// Why nobody may be answered, in a few words for traces ("Precedence: bulk"); empty: nothing speaks against it. `reverse_path` is the
// envelope's, "" for the null path.
std::string why_automatic(std::string_view header, std::string_view reverse_path);

// Is it a program's address, by its local part: "mailer-daemon@…", "owner-…@…", "…-bounces+…@…", SRS, VERP?
bool is_program_address(std::string_view address);

// Is one of these addresses named in To, Cc, Bcc or their Resent- forms (RFC 5230 §4.5)? A +tag does not matter.
bool is_addressed_to(std::string_view header, std::span<const std::string> own);

// Are they one mailbox to us: without regard to case, Unicode form and the +tag? What is no address is equal to nothing.
bool is_same_mailbox(std::string_view a, std::string_view b);

// Mailboxes that many addresses are compared with.
class MailboxSet {
  public:
    explicit MailboxSet(std::span<const std::string> addresses);
    bool contains(std::string_view address) const;

  private:
    std::vector<std::string> keys_;  // local part without tag, NUL, domain; sorted
};

// One spelling for each correspondent, to count answers by: normalised, without the changing tag of BATV ("prvs=0123456789=anna@…").
// What is no address stays as it is, in lower case.
std::string correspondent_key(std::string_view address);

}  // namespace tayori::mail
