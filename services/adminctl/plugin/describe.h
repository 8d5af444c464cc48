// What `adminctl plugin check` says of a plugin that loads.
#pragma once

#include <string>
#include <vector>

#include "common/lua/plugin_set.h"

namespace tayori::admin::kit {

std::string declaration_text(const lua::Plugin& plugin);
// What is not wrong, but will be missed: a README, tests, words for settings.
std::vector<std::string> missing(const lua::Plugin& plugin);

}  // namespace tayori::admin::kit
