// Passwords as they come in: from standard input, or typed without being seen.
#pragma once

#include <string>

#include "common/base/result.h"

namespace tayori::admin {

// The first line of standard input, without its end.
Result<std::string> read_password_line();
// Asked for twice on the terminal, without echo. invalid: there is no terminal, or both differ.
Result<std::string> ask_password(const std::string& who);

}  // namespace tayori::admin
