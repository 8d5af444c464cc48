// One account of an import: its record and folders, then its mails, of which those that are there already are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "adminctl/import/progress.h"
#include "adminctl/import/source.h"
#include "common/base/result.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

struct ImportParts {
    rpc::ImportClient& client;
    Progress& progress;
    std::uint64_t import_id = 0;
    std::uint64_t message_bytes_max = 0;
    bool enable_rules = false;
    bool live = false;    // ImportSource::is_live()
    bool follow = false;  // flags that changed at the source, too (follow.h), and
    bool remove = false;  // mails that went there
    // Of mail that arrives (../fetch): lines of the report go here and not to spoold; what these imports have brought does not
    // come again; and there is no use in reading what there is no room for.
    std::vector<legacy::ReportLine>* lines = nullptr;
    std::vector<std::uint64_t> also_known_by = {};
    std::optional<std::uint64_t> room_bytes = std::nullopt;
    std::optional<std::uint64_t> room_mails = std::nullopt;
    bool accept_renumbered = false;
};

struct AccountOutcome {
    std::uint64_t imported = 0;
    std::uint64_t known = 0;
    std::uint64_t refused = 0;  // mails, and lines of the report that say so
    std::uint64_t over_quota = 0;
    std::uint64_t changed = 0;  // flags, and
    std::uint64_t removed = 0;  // mails, as the source has them now
    bool created = false;
    bool unfinished = false;  // the source could not be read to the end: run it again
};

// An error is one that ends the run: spoold is gone or in trouble. What is wrong with this account alone is in the report, and
// counted as refused.
Result<AccountOutcome> import_account(ImportParts& parts, const legacy::Account& account, SourceReader& source);

// Is it no fault of what was asked for, but one that the next request would meet, too?
bool ends_the_run(const Error& error);

// Keeps lines with the import, in as many calls as it takes.
Result<void> keep_report(rpc::ImportClient& client, std::uint64_t import_id,
                         const std::vector<legacy::ReportLine>& lines);

}  // namespace tayori::admin
