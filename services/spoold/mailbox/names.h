// Names of folders: UTF-8 in NFC, levels parted by "/", INBOX in any case (RFC 3501 §5.1, RFC 9051 §5.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::spool {

inline constexpr std::string_view kInbox = "INBOX";

// The form under which a name is kept and compared. unsupported: a name that can't be.
Result<std::string> canonical_name(std::string_view name);

// "a/b/c" gives "a" and "a/b".
std::vector<std::string_view> levels_above(std::string_view name);

// What a folder's name, with the levels above it, takes at most in a listing.
std::uint64_t list_cost(std::string_view name);

}  // namespace tayori::spool
