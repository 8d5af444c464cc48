// What goes instead of a mail that is passed on, where its reader wants less of it: a notice, the mail without its files, or without
// its body. Pure: the mail in, another one out. Signatures over what is changed don't outlive it, so they go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/date.h"
#include "common/mail/part_tree.h"

namespace tayori::mail {

// A short text mail that says who has written, about what and when; an answer to it goes to who has written.
struct ForwardNotice {
    std::string account;                // whose mail it is; it comes from there
    std::vector<std::string> to;
    std::string message_id;             // of the notice, without angle brackets
    std::string unique;
    MailDate now;
    std::uint64_t bytes = 0;            // of the mail
};
std::string forward_notice(std::string_view header, const ForwardNotice& notice);

// The mail with its text parts, and a line of text in place of each file that names it. `message` may be only the beginning of it:
// a part that is not all there counts as a file.
std::string without_files(std::string_view message, const PartTree& tree);

// Its header, and a line of text in place of its body.
std::string without_body(std::string_view header, std::uint64_t message_bytes, std::uint64_t bytes_max);

}  // namespace tayori::mail
