// `adminctl plugin new`: a plugin that works, with its README and a test that passes.
#pragma once

#include <string>

#include "common/base/result.h"

namespace tayori::admin::kit {

// The folder that was made. exists: there is something of that name; invalid: the name or the hook.
Result<std::string> make_plugin(const std::string& name, const std::string& directory, const std::string& hook);

}  // namespace tayori::admin::kit
