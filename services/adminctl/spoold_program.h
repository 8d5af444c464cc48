// What spoold itself must do while it does not serve.
#pragma once

#include <string>
#include <vector>

#include "adminctl/context.h"

namespace tayori::admin {

// Goes on as spoold with these arguments and our settings; returns only when it can't be started. The store's lock keeps
// it from a store that another spoold has.
Result<ExitStatus> become_spoold(const Context& context, std::vector<std::string> arguments);

}  // namespace tayori::admin
