// What pop3d says when something is refused. The only file that knows response codes (RFC 2449 §8, RFC 3206).
#pragma once

#include <string>

#include "common/base/result.h"

namespace tayori::pop3 {

std::string error_reply(const Error& error);  // "-ERR [SYS/TEMP] text\r\n"

}  // namespace tayori::pop3
