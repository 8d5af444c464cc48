// The source against what spoold holds: every UID, UIDL, POP3 order, flag and date, and the bytes by their hash.
#pragma once

#include <functional>

#include "adminctl/import/source.h"
#include "adminctl/values.h"
#include "common/base/result.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

struct VerifyOutcome {
    std::uint64_t accounts = 0;
    std::uint64_t mails = 0;     // compared
    std::uint64_t bytes = 0;
    std::uint64_t problems = 0;
    std::uint64_t reported = 0;  // differences that the import's report already names
};

enum class Thoroughness { numbers, bytes };

// Calls `tell` for each problem.
Result<VerifyOutcome> verify_import(rpc::ImportClient& client, ImportSource& source, const v1::Import& import,
                                    Thoroughness thoroughness,
                                    const std::function<void(const legacy::ReportLine&)>& tell);

}  // namespace tayori::admin
