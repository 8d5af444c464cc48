// The last step of every load(): UIDs, UIDLs and special uses as a store can take them, and what
// had to be changed for it.
#pragma once

#include <string_view>

#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/source.h"

namespace tayori::legacy {

inline constexpr std::size_t kUidlBytesMax = 70;  // RFC 1939 §7

// Sorts by UID; mails without one follow in their order and get the next UIDs, as an IMAP server
// gives them to new mail. Where UIDs are not unique, or too high, the whole folder is to be
// renumbered: no mail has one.
void settle_uids(Folder& folder, bool keep_high_uids, AccountReport& report);
// 1-70 characters 0x21-0x7E (RFC 1939 §7), unique in the mailbox: longer and other ones are hashed,
// a second one gets a suffix. POP3's order decides who keeps it.
void settle_uidls(Mailbox& mailbox, AccountReport& report);
// POP3's order counted from 1 without gaps, in the order that there is.
void settle_pop3_order(Mailbox& mailbox);
// One folder for each use, the one with the fewest levels.
void settle_special_uses(Mailbox& mailbox);
// An identity that comes twice gets "#2", "#3" … in the order of folders and mails.
void settle_identities(Mailbox& mailbox);

}  // namespace tayori::legacy
