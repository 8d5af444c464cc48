// A PST file as a tree of mbox files, made by readpst.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/legacy/tree.h"

namespace tayori::legacy::pst {

inline constexpr std::string_view kMagic = "!BDN";

struct ConvertLimits {
    std::string program = "readpst";  // found by PATH
    std::chrono::seconds deadline{6 * 3600};
    std::uint64_t bytes_max = 0;  // of the output; 0: four times the file and 1 GiB
};

// Returns after readpst has ended. unsupported: there is no readpst; invalid: it could not read the file; too_big, busy: over the
// limit of bytes or time. The files go with the tree.
Result<std::unique_ptr<Tree>> convert(const std::string& path, ConvertLimits limits = {});

}  // namespace tayori::legacy::pst
