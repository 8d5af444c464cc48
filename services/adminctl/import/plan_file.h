// The file that `import plan` writes: which source, read how, and how to see that it is still the same one. No secrets.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/legacy/source.h"

namespace tayori::admin {

struct ImportPlan {
    std::string kind;
    std::string path;  // absolute
    std::string origin;
    legacy::SourceOptions options;
    std::string captures;     // a directory of `migrate capture`, absolute; empty: none
    std::string fingerprint;  // of the accounts and where their mail lies (source.h)
    std::uint64_t accounts = 0;
    std::uint64_t mails = 0;
    std::uint64_t bytes = 0;
};

std::string format_plan(const ImportPlan& plan);
// invalid: not such a file, or of a later version.
Result<ImportPlan> parse_plan(std::string_view text);

Result<void> write_plan(const std::string& file, const ImportPlan& plan);
Result<ImportPlan> read_plan(const std::string& file);

}  // namespace tayori::admin
