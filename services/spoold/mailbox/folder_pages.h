// The references of one folder inside a mutation: pages and the open tail (pages.h).
//
// Keeps record.tail_first and record.tail_messages right; counts, bytes and modseqs are the caller's (account_tx.h).
#pragma once

#include <functional>
#include <vector>

#include "common/base/result.h"
#include "spoold/changes/change.h"
#include "spoold/keys.h"
#include "spoold/mailbox/pages.h"
#include "spoold/mailbox/records.h"
#include "spoold/mailbox/uid_set.h"
#include "spoold/store/store.h"

namespace tayori::spool {

class FolderPages {
  public:
    FolderPages(store::Transaction& transaction, FolderId folder, FolderRecord& record)
        : tx_(transaction), folder_(folder), record_(record) {}

    // Ascending UIDs at or above tail_first that the folder never had: above all others but where an import fills in. 256 in
    // the tail are sealed into a page. An import says fewer: what arrives while it runs must find room in the open tail, or
    // nothing could come below it any more; and it writes few rows that way, which a later page would replace.
    static constexpr std::size_t kImportedPageMin = 64;
    Result<void> append(const std::vector<Reference>& references, std::size_t page_min = kPageUidsMax);

    // Shows flags, modseq and keywords of each in `uids`, ascending; writes back where `change` returns true.
    Result<void> change_flags(const UidSet& uids, const std::function<bool(FlagsNow&)>& change);

    // Each in `uids`, ascending.
    Result<void> visit(const UidSet& uids, const std::function<void(Reference&&)>& visit);

    // Takes out those in `uids` that `chosen` wants, judged by UID and flags; returns them, ascending.
    Result<std::vector<Reference>> remove(const UidSet& uids,
                                          const std::function<bool(Uid, std::uint8_t flags)>& chosen);

    // The first one without \Seen at or above `from`; 0: none.
    Result<Uid> first_unseen(Uid from);

  private:
    struct RawPage {
        Uid last = 0;
        std::string value;
    };
    std::vector<RawPage> pages(keys::References kind, const UidSet& uids);
    Result<std::vector<Reference>> tail(const UidSet& uids);
    Result<void> remove_from_page(const RawPage& page, UidWalk& walk,
                                  const std::function<bool(Uid, std::uint8_t)>& chosen,
                                  std::vector<Reference>& removed);
    Result<void> load_static(Uid last, StaticPage& page);
    void seal(const std::vector<Reference>& references, std::size_t from, std::size_t to);

    store::Transaction& tx_;
    FolderId folder_;
    FolderRecord& record_;
};

}  // namespace tayori::spool
