// What a server that still runs tells and no file does, written down: one capture (common/legacy/capture) for each
// account.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "adminctl/migrate/source.h"
#include "common/base/result.h"

namespace tayori::admin {

struct CaptureOptions {
    std::string directory;
    bool headers_only = false;  // no hashes: Message-ID, Date and size have to do
    unsigned jobs = 2;
};
struct CaptureOutcome {
    std::uint64_t accounts = 0;
    std::uint64_t mails = 0;
    std::uint64_t drop = 0;  // lines of POP3
    std::uint64_t refused = 0;
};

// ADDRESS.capture in the directory, which is made; one that is there is not written again: exists.
Result<CaptureOutcome> capture_accounts(LiveSource& source, const CaptureOptions& options,
                                        const std::function<void(const legacy::ReportLine&)>& tell);

}  // namespace tayori::admin
