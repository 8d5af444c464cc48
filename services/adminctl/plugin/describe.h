// What `adminctl plugin check` says of a plugin that loads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/lua/plugin_set.h"

namespace tayori::admin::kit {

std::string declaration_text(const lua::Plugin& plugin);
// What its `needs` says of settings that nobody has set; invalid: what is wrong with that.
Result<void> ask_needs(const std::shared_ptr<const lua::Plugin>& plugin);
// What is not wrong, but will be missed: a README, tests, words for settings.
std::vector<std::string> missing(const lua::Plugin& plugin);

}  // namespace tayori::admin::kit
