// A capture put onto a mailbox that was loaded from disk.
#pragma once

#include <cstdint>
#include <functional>

#include "common/legacy/capture/capture.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

struct MatchOptions {
    std::uint64_t message_bytes_max = 0;  // as read_message()
    bool keep_high_uids = false;
};
struct MatchCount {
    std::uint64_t drop = 0;  // POP3 lines whose mail was found
    std::uint64_t drop_missing = 0;
    std::uint64_t mails = 0;  // IMAP lines whose mail was found
    std::uint64_t mails_missing = 0;
    std::uint64_t ambiguous = 0;  // lines of both that could mean several mails; also missing
};

// What is known of a mail of the mailbox, to find the captured one by.
using LookAtMail = std::function<Result<CapturedText>(const Mail&)>;

// Reads every mail. Afterwards UIDLs, POP3's order, UIDs, flags, keywords and dates are the
// captured ones; mail that the capture does not know came after it, and stands behind. A capture
// without POP3 or without IMAP leaves that side alone.
MatchCount apply_capture(const Capture& capture, const Tree& tree, const MatchOptions& options,
                         Mailbox& mailbox, AccountReport& report);
// The same, where mails need not be read to know them; they have no B id then.
MatchCount apply_capture(const Capture& capture, const LookAtMail& look, const MatchOptions& options, Mailbox& mailbox,
                         AccountReport& report);

}  // namespace tayori::legacy
