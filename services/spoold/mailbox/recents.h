// Claims of \Recent (RFC 3501 §2.3.2): the first session that asks gets the new messages as recent, no other does.
//
// A claim is kept in memory and written with the folder's next change: after a restart a message may be recent once
// more, which the RFC allows ("if it is not possible to determine …"), and SELECT costs no commit.
#pragma once

#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "spoold/ids.h"
#include "spoold/mailbox/records.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::spool {

class Recents {
  public:
    // Takes everything up to record.uid_next.
    v1::ClaimRecentReply claim(FolderId folder, const FolderRecord& record);
    // Brings a record that was read up to what has been claimed since it was written.
    void apply(FolderId folder, FolderRecord& record) const;
    void forget(FolderId folder);

  private:
    mutable std::mutex mutex_;
    absl::flat_hash_map<std::uint64_t, Uid> claimed_;  // by folder: everything below is claimed
};

}  // namespace tayori::spool
