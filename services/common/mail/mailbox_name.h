// Names of mailboxes as the store keeps them: UTF-8 in NFC, levels parted by "/".
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::mail {

inline constexpr char kDelimiter = '/';

// The name in its one form: NFC, "INBOX" in capitals where it is the first level, one final "/"
// taken off (RFC 3501 §6.3.3). Names are text, never paths: ".." is a good name. `unsupported` (NO
// [CANNOT]) for empty levels, control characters, invalid UTF-8, and names beyond
// kMailboxNameBytesMax or kMailboxLevelsMax.
Result<std::string> normalize_mailbox_name(std::string_view utf8);

bool is_inbox(std::string_view name);  // any case

}  // namespace tayori::mail
