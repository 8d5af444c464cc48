// One account of an import: its record and folders, then its mails, of which those that are there already are left out.
#pragma once

#include <cstdint>
#include <memory>

#include "adminctl/import/progress.h"
#include "adminctl/import/source.h"
#include "common/base/result.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

struct ImportParts {
    rpc::ImportClient& client;
    ImportSource& source;
    Progress& progress;
    std::uint64_t import_id = 0;
    std::uint64_t message_bytes_max = 0;
    bool enable_rules = false;
};

struct AccountOutcome {
    std::uint64_t imported = 0;
    std::uint64_t known = 0;
    std::uint64_t refused = 0;  // mails, and lines of the report that say so
    bool created = false;
};

// An error is one that ends the run: spoold is gone or in trouble. What is wrong with this account alone is in the report, and
// counted as refused.
Result<AccountOutcome> import_account(ImportParts& parts, const legacy::Account& account,
                                      const std::shared_ptr<const legacy::Tree>& tree);

// Is it no fault of what was asked for, but one that the next request would meet, too?
bool ends_the_run(const Error& error);

// Keeps lines with the import, in as many calls as it takes.
Result<void> keep_report(rpc::ImportClient& client, std::uint64_t import_id,
                         const std::vector<legacy::ReportLine>& lines);

}  // namespace tayori::admin
