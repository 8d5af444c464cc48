// What the commands for plugins share.
#pragma once

#include <string>
#include <vector>

#include "adminctl/context.h"

namespace tayori::admin {

// Folders of plugins, by folders or by names of plugins of the site or of those that come with Tayori. Of several folders those that
// are plugins, so that `plugins/*` can be written; one alone has to be one. not_found.
Result<std::vector<std::string>> find_plugins(const Context& context, const std::vector<std::string>& what);

}  // namespace tayori::admin
