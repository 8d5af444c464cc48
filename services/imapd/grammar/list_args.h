// What LIST and STATUS ask for (RFC 3501 §6.3.8, RFC 5258, RFC 5819, RFC 6154).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imapd/grammar/cursor.h"

namespace tayori::imap {

struct StatusItems {
    bool messages = false;
    bool recent = false;
    bool uid_next = false;
    bool uid_validity = false;
    bool unseen = false;
    bool size = false;     // RFC 8438
    bool deleted = false;  // RFC 9208 §4.1.4
    bool deleted_storage = false;
    bool highest_modseq = false;  // RFC 7162 §3.1.7
    bool append_limit = false;    // RFC 7889 §4
};
Result<StatusItems> parse_status_items(Cursor& cursor);

struct ListArgs {
    std::string reference;              // as on the wire
    std::vector<std::string> patterns;  // as on the wire
    bool extended = false;              // any of RFC 5258's syntax
    bool select_subscribed = false;
    bool select_special_use = false;
    bool select_remote = false;
    bool recursive_match = false;
    bool return_subscribed = false;
    bool return_children = false;
    bool return_special_use = false;
    bool return_status = false;
    StatusItems status;
};
Result<ListArgs> parse_list(Cursor& cursor);

// "*" matches anything, "%" anything without the delimiter; other bytes match themselves. Time
// grows with the product of the lengths, whatever the pattern.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace tayori::imap
