// An account as people read it.
#pragma once

#include <string>

#include "tayori/spool/v1/directory.pb.h"

namespace tayori::admin {

std::string account_text(const tayori::spool::v1::Account& account);

}  // namespace tayori::admin
