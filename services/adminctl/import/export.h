// One account's mail, from spoold into a directory in another server's form (common/legacy/export.h).
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/legacy/report.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

struct ExportOutcome {
    std::uint64_t folders = 0;
    std::uint64_t mails = 0;
    std::uint64_t bytes = 0;
};

// `directory` is made; exists: there is something in it. What the form can't express goes into `report`.
Result<ExportOutcome> export_account(rpc::ImportClient& client, const std::string& address, const std::string& form,
                                     const std::string& directory, legacy::Report& report);

// The directory of an account below the one that the administrator named: an address is no path.
std::string directory_of(const std::string& address);
// The same of its capture.
std::string capture_file(const std::string& directory, const std::string& address);

}  // namespace tayori::admin
