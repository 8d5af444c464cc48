// Flags by the names that IMAP gives them.
#pragma once

#include <string_view>

#include "common/legacy/model.h"
#include "common/legacy/report.h"

namespace tayori::legacy {

// A system flag, or a keyword. \Deleted is not taken but reported, others that begin with a backslash are the server's
// own.
void take_flag(std::string_view name, Mail& mail, AccountReport& report);

}  // namespace tayori::legacy
