// A backup, for other commands that begin with one.
#pragma once

#include "adminctl/context.h"

namespace tayori::admin {

// What `adminctl backup create` does without options: the next step of the ordinary set.
Result<ExitStatus> create_backup(Context& context);

}  // namespace tayori::admin
