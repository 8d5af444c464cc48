// A whole import: accounts, a few at a time, then aliases.
#pragma once

#include <string>

#include "adminctl/import/account_run.h"
#include "adminctl/import/plan_file.h"
#include "adminctl/values.h"
#include "common/base/result.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

inline constexpr unsigned kImportJobsMax = 64;

struct RunOptions {
    bool enable_rules = false;
    unsigned jobs = 2;
    bool follow = false;  // as ImportParts
    bool remove = false;
    legacy::Language language = legacy::Language::english;
};

struct RunOutcome {
    v1::Import import;
    std::uint64_t accounts = 0;
    std::uint64_t created = 0;
    std::uint64_t imported = 0;
    std::uint64_t known = 0;
    std::uint64_t refused = 0;
    std::uint64_t changed = 0;
    std::uint64_t removed = 0;
    std::uint64_t unfinished = 0;  // accounts
    double seconds = 0;
};

// Errors are those that end the run: run it again to go on. What is refused besides is counted and in the report.
Result<RunOutcome> run_import(rpc::ImportClient& client, const ImportPlan& plan, const RunOptions& options);
// `noticed` is what opening the source gave, `mails` how many it has, as far as that is known.
Result<RunOutcome> run_import(rpc::ImportClient& client, ImportSource& source, const legacy::Report& noticed,
                              std::uint64_t mails, const RunOptions& options);

// The import of a plan, of a source, or the one of that number. not_found.
Result<v1::Import> find_import(rpc::ImportClient& client, const ImportPlan& plan);
Result<v1::Import> find_import(rpc::ImportClient& client, const ImportSource& source);
Result<v1::Import> find_import(rpc::ImportClient& client, std::uint64_t import_id);

}  // namespace tayori::admin
