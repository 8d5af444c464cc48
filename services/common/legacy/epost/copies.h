// In copy mode every mail of the POP3 folder lies in an IMAP folder, too. The two are one mail.
#pragma once

#include "common/legacy/epost/folders.h"
#include "common/legacy/model.h"

namespace tayori::legacy::epost {

// Gives POP3's order and UIDL to the copy in an IMAP folder, found by the B id of the topmost
// Received, and appends the mails that have none to INBOX. Mails that POP3 does not show get the
// UIDL that they had there.
Mailbox join_copies(FoundMailbox found, AccountReport& report);

}  // namespace tayori::legacy::epost
