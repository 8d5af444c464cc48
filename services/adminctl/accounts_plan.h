// A plan for accounts in bulk: as people read it, and as a file between `plan` and `apply`.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "tayori/spool/v1/bulk.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

// "line 12, column 3: …", those that stop it first.
std::string problems_text(const v1::AccountsPlan& plan);
// Who goes, comes and changes, one a line, and how many.
std::string changes_text(const v1::AccountsPlan& plan);
std::string counts_text(const v1::BulkCounts& counts);
bool has_refusal(const v1::AccountsPlan& plan);

// JSON, without any password: the table stays in its own file.
Result<void> save_plan(const std::string& path, const v1::SavedAccountsPlan& plan);
bool is_saved_plan(std::string_view text);
Result<v1::SavedAccountsPlan> parse_saved_plan(std::string_view text);

// What has come between: a sentence each.
std::vector<std::string> differences(const v1::AccountsPlan& planned, const v1::AccountsPlan& now);

}  // namespace tayori::admin
