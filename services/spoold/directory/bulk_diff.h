// What a table of accounts changes in the directory: a function of the table and the rows, run outside of mutations for a
// plan, and again inside the mutation that applies it, so that what is applied is never older than the commit.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "spoold/directory/bulk_aliases.h"
#include "spoold/directory/bulk_table.h"
#include "spoold/directory/core.h"

namespace tayori::spool {

// Whether an account's password is the table's: known from work in the pool, for the keys that were seen then.
struct Verdict {
    std::string seen;  // StoredPassword
    bool same = false;
};
using Verdicts = absl::flat_hash_map<std::uint64_t, Verdict>;  // by account id

// One account. `row` is null where the table does not name it.
struct BulkStep {
    enum class What { retire, add, change } what = What::change;
    const TableRow* row = nullptr;
    Name name;
    std::uint64_t id = 0;
    stored::v1::StoredAccount before;
    stored::v1::StoredAccount after;  // of a new one: without the domain's defaults
    bool sets_password = false;
};

struct Unverified {
    const TableRow* row = nullptr;
    std::uint64_t id = 0;
    stored::v1::StoredPassword present;
};

struct BulkDiff {
    v1::AccountsPlan plan;
    std::vector<BulkStep> steps;  // who goes before who comes
    std::unique_ptr<AliasEdits> aliases;
    // The plan is not the last word: these passwords must be compared first.
    std::vector<Unverified> unverified;

    bool refused() const;  // a problem is more than a note
};

// `key` makes the digest. `rows` must outlive the result.
Result<BulkDiff> make_diff(const Rows& rows, const Table& table, const Verdicts& verdicts, const DirectoryCore& core);

// Changes of one account as an administrator reads them.
void show_account_change(const stored::v1::StoredAccount& before, const stored::v1::StoredAccount& after,
                         v1::AccountsChange& change);
// Adds to the counts, and sets the action of a change of state.
void count_change(v1::AccountsPlan& plan, v1::AccountsChange change);
void limit_problems(v1::AccountsPlan& plan);
bool has_refusal(const v1::AccountsPlan& plan);

}  // namespace tayori::spool
