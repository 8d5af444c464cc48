// Aliases and lists: exports of the registry, and `aliases 1`.
#pragma once

#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"

namespace tayori::legacy {

// .reg, in UTF-16LE or cp932: values below …\Aliases, and below …\Lists\NAME\Members. `aliases 1`:
// that line, then from<TAB>to[,to…], # comments, UTF-8. `domain` completes names without one. Each
// address once, in their order. invalid: neither, and what was looked for.
Result<std::vector<Alias>> parse_aliases(std::string_view bytes, std::string_view file,
                                         std::string_view domain, Report& report);

}  // namespace tayori::legacy
