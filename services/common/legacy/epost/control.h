// The control files of one mailbox, as settings of its account.
#pragma once

#include <vector>

#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy::epost {

// No reply to one sender more often than this, where the old server answered every mail.
inline constexpr unsigned kReplyIntervalHours = 24;

// `entries` are the mailbox folder's. What is no mail, no folder and no control file goes into the
// report.
void read_controls(const Tree& tree, const std::vector<Entry>& entries, Account& account,
                   AccountReport& report);

// apop.dat's password where the account came without one, else the one for submission.
void take_password(Account& account, std::string password, std::string_view file,
                   AccountReport& report);

}  // namespace tayori::legacy::epost
