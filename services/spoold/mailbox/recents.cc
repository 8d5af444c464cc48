#include "spoold/mailbox/recents.h"

#include <algorithm>

namespace tayori::spool {

v1::ClaimRecentReply Recents::claim(FolderId folder, const FolderRecord& record) {
    v1::ClaimRecentReply reply;
    std::lock_guard lock(mutex_);
    Uid first = record.recent_first;
    const auto at = claimed_.find(raw(folder));
    if (at != claimed_.end()) first = std::max(first, at->second);
    // A reader with an older record must not give back what a later one took.
    const auto next = std::max(first, record.uid_next);
    if (next > first) claimed_[raw(folder)] = next;
    reply.set_first_uid(first);
    reply.set_uid_next(next);
    return reply;
}

void Recents::apply(FolderId folder, FolderRecord& record) const {
    std::lock_guard lock(mutex_);
    const auto at = claimed_.find(raw(folder));
    if (at == claimed_.end() || at->second <= record.recent_first) return;
    // A claim takes all that there is, so that what is recent now came after it.
    const auto newer = record.uid_next > at->second ? record.uid_next - at->second : 0;
    record.recent = std::min(record.recent, newer);
    record.recent_first = at->second;
}

void Recents::forget(FolderId folder) {
    std::lock_guard lock(mutex_);
    claimed_.erase(raw(folder));
}

}  // namespace tayori::spool
