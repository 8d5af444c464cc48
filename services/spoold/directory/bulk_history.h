// What bulk changes leave behind: a row for each, and an entry for every account and alias that it touched, as it was and
// as it became. Entries hold keys of passwords, so they go when their time is over.
#pragma once

#include <functional>
#include <vector>

#include "spoold/directory/bulk_aliases.h"
#include "spoold/directory/core.h"
#include "tayori/spool/v1/bulk.pb.h"

namespace tayori::spool {

class HistoryWriter {
  public:
    explicit HistoryWriter(store::Transaction& transaction);
    std::uint64_t id() const { return id_; }
    void add(const stored::v1::StoredBulkEntry& entry);
    // Also those that are in the end as they were: undoing takes them away from who gets them now.
    void add(const AliasEdits& aliases);
    void finish(stored::v1::StoredBulkChange change);

  private:
    store::Transaction& transaction_;
    std::uint64_t id_ = 0;
    std::uint64_t entries_ = 0;
};

struct BulkChangeRow {
    std::uint64_t id = 0;
    stored::v1::StoredBulkChange change;
    // It stands, and is no rollback.
    bool counts() const { return change.undoes() == 0 && change.undone_by() == 0; }
};
Result<std::vector<BulkChangeRow>> read_changes(const Rows& rows);  // the oldest first
Result<std::vector<stored::v1::StoredBulkEntry>> read_entries(const Rows& rows, std::uint64_t id);

void set_counts(stored::v1::StoredBulkChange& change, const v1::BulkCounts& counts);
v1::BulkChange show_bulk_change(const BulkChangeRow& row, const DirectoryCore& core);

// Takes the entries of changes that are too old to be undone, and the oldest changes of many. Does not wait.
void forget_old_changes(const CorePtr& core);

}  // namespace tayori::spool
