// Paths of a live mailbox's mails, as reports show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/text.h"

namespace tayori::legacy {

inline std::string imap_path(std::string_view folder, std::uint32_t uid) { return cat(folder, ";UID=", uid); }
inline std::string pop3_path(std::string_view key) { return cat("POP3;UIDL=", key); }

}  // namespace tayori::legacy
