// Carrying a plan out, folder by folder, in commits of bounded size. What has changed since the plan was made is left
// alone: whatever the mailbox holds by then is right.
#pragma once

#include "spoold/backup/account_mail.h"

namespace tayori::spool {

class AccountRestore {
  public:
    AccountRestore(const Mailboxes& mailboxes, const store::Past& past, const AccountWish& wish)
        : mailboxes_(mailboxes), past_(past), snapshot_(past.snapshot()), wish_(wish) {}

    // Returns after the last commit, with what was really done. Not on the committer's thread.
    Result<v1::RestoredFolder> apply(const FolderPlan& plan);

  private:
    Result<FolderId> target_of(const FolderPlan& plan);
    Result<void> bring_back(const FolderPlan& plan, FolderId folder, v1::RestoredFolder& report);
    Result<void> commit_batch(FolderId folder, std::vector<LoadedMailPtr> batch, v1::RestoredFolder& report);
    Result<void> set_flags(const FolderPlan& plan, FolderId folder, v1::RestoredFolder& report);
    Result<void> remove(const FolderPlan& plan, FolderId folder, v1::RestoredFolder& report);

    const Mailboxes& mailboxes_;
    const store::Past& past_;
    const std::shared_ptr<const store::Snapshot> snapshot_;
    const AccountWish wish_;
    std::optional<KeywordTable> keywords_;
    MadeMessages made_;
};

}  // namespace tayori::spool
