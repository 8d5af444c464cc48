// The certificate of the first start.
#pragma once

#include <string>

#include "common/base/result.h"

namespace tayori::daemon {

inline constexpr int kSelfSignedDays = 3650;  // nobody renews it: it is to be replaced by a real one

// Makes a self-signed pair where neither file exists. Several daemons may start at once: one makes it, under a lock.
Result<void> ensure_certificate(const std::string& certificate, const std::string& key,
                                const std::string& hostname);

}  // namespace tayori::daemon
