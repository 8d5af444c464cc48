// One mailbox as it lies on disk: the POP3 folder's mails, and the IMAP folders with theirs. Copies
// are not matched yet.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/found_mail.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy::epost {

struct FoundFolder {
    Folder folder;  // without its mails; INBOX comes first
    std::vector<FoundMail> mails;
};

struct FoundMailbox {
    std::vector<FoundMail>
        pop3;  // ascending by B number, then other names; pop3_order and uidl are set
    std::vector<FoundFolder> folders;
};

// Reads the first bytes of every mail. `directory` is the mailbox folder, as in Account.
Result<FoundMailbox> find_mails(const Tree& tree, std::string_view directory,
                                AccountReport& report);

}  // namespace tayori::legacy::epost
