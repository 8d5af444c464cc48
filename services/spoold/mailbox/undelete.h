// Expunged mail can come back for store.undelete_days; then it is purged. And the jobs of the clock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "spoold/mailbox/mailboxes.h"
#include "tayori/spool/v1/admin.pb.h"

namespace tayori::spool {

class Undelete {
  public:
    explicit Undelete(const Mailboxes& mailboxes) : mailboxes_(mailboxes) {}

    // Oldest first, until `visit` returns false.
    Result<void> list(AccountId account, const std::function<bool(const v1::ExpungedMail&)>& visit) const;
    // Back to the folder that each mail was in, to `folder` where that is named, to INBOX where the folder is gone.
    // It gets a new UID and loses \Deleted. An administrator may go above the quota by this.
    void restore(AccountId account, const v1::UndeleteRequest& request, Answer<v1::UndeleteResponse> done);

  private:
    const Mailboxes& mailboxes_;
};

// Called from time to time by main: purges what was expunged too long ago (on a full disk sooner, oldest first), and
// outcomes of request ids that are older than a day.
class Janitor {
  public:
    explicit Janitor(const Mailboxes& mailboxes);
    ~Janitor();
    // Starts a round unless one is running; `done` tells the messages purged for good. It goes on in small commits.
    void tick(std::function<void(std::uint64_t purged)> done = {});

  private:
    struct Round;
    const Mailboxes& mailboxes_;
    std::shared_ptr<std::atomic<bool>> running_;
};

}  // namespace tayori::spool
