// What undoing a bulk change does now: a function of the change's entries and the rows, run outside of mutations to show it,
// and inside the one that does it.
#pragma once

#include <memory>
#include <vector>

#include "spoold/directory/bulk_aliases.h"
#include "spoold/directory/bulk_history.h"
#include "tayori/spool/v1/bulk.pb.h"

namespace tayori::spool {

struct UndoStep {
    enum class What { retire, bring_back, restore } what = What::restore;
    std::uint64_t id = 0;
    stored::v1::StoredAccount now;
    stored::v1::StoredAccount then;  // as it becomes
    bool sets_password = false;
    stored::v1::StoredPassword password_now;
    stored::v1::StoredPassword password_then;
};

struct Undo {
    v1::AccountsPlan plan;  // its problems are what others have changed since
    std::vector<UndoStep> steps;
    std::unique_ptr<AliasEdits> aliases;
};

// not_found: no such change, too old, or undone already. `rows` must outlive the result.
Result<BulkChangeRow> find_change(const Rows& rows, std::uint64_t id, const DirectoryCore& core);
Result<Undo> make_undo(const Rows& rows, const BulkChangeRow& change, const DirectoryCore& core);

}  // namespace tayori::spool
