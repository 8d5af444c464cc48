// The form of mailboxes (design: docs/conversion.md). In POP3 form a mailbox is one maildrop, and IMAP is not let in; UIDs,
// folders and flags wait inside. In IMAP4 form both protocols are served. Nothing but the form decides: what a mailbox
// holds is the same in both.
#pragma once

#include <optional>
#include <string>

#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/records.h"
#include "tayori/spool/v1/auth.pb.h"
#include "tayori/spool/v1/jobs.pb.h"

namespace tayori::spool {

// Is IMAP4 in use at this site? The setting, else what an administrator has switched (keys::kImap4), else yes.
bool imap4_enabled(const MailboxSettings& settings, const std::optional<std::string>& switched);

// Thread-safe. Must outlive the store's last `done`.
class Forms {
  public:
    explicit Forms(const Mailboxes& mailboxes) : parts_(mailboxes.parts()) {}

    // Counts the mailboxes of each form.
    Result<v1::Imap4> show() const;
    // no_target: pinned by the setting.
    void set_imap4(bool enabled, Answer<v1::Imap4> done);

    // May a mailbox that is in this state be read by IMAP now?
    Result<v1::ImapAccess> imap_access(const AccountState& state) const;
    // A client has logged in by this protocol: a conversion that it could see can't be undone any more. Costs a write
    // only once after each conversion, and nobody waits for it.
    void seen(AccountId account, v1::Protocol protocol) const;

  private:
    const Mailboxes::Parts& parts_;
};

}  // namespace tayori::spool
