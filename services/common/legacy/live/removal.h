// Mails taken out of a mailbox of another server: the only thing here that changes anything there. Whoever calls it has the
// mails on his own disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/live/lanes.h"

namespace tayori::legacy {

struct RemovalFolder {
    std::string raw_name;
    std::uint32_t uid_validity = 0;
    std::vector<std::uint32_t> uids;  // ascending
};

// How many are gone now; those that had gone before count, too. A folder that was numbered anew meanwhile is left alone.
// Where the server can't take out single mails (no UIDPLUS, RFC 4315) and others than these are marked as deleted, they stay
// marked, and are no part of the number.
Result<std::uint64_t> remove_by_imap(const LinkMaker& make_link, const std::vector<RemovalFolder>& folders);

// By UIDL. All or none: the server removes them at QUIT (RFC 1939 §6).
Result<std::uint64_t> remove_by_pop3(const LinkMaker& make_link, const std::vector<std::string>& keys);

}  // namespace tayori::legacy
