// From an address to those who get its mail: accounts, aliases of aliases, +tag, catch-all, postmaster.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/directory/records.h"

namespace tayori::spool {

struct ResolvedTarget {
    std::uint64_t account_id = 0;  // 0: elsewhere
    std::string address;
    std::string detail;
    std::uint64_t quota_bytes = 0;
    std::uint64_t quota_messages = 0;
};

struct Resolution {
    bool own_domain = false;   // false: one target, the address itself
    bool endless = false;      // aliases in a circle, or more than the limits allow
    std::vector<ResolvedTarget> targets;
};

// The domain's rules in their order: the exact address; the address before the first '+'; for postmaster the site's
// setting; the domain's catch-all; for postmaster the oldest account (RFC 5321 §4.5.1: it must be reachable).
Result<Resolution> expand(const Rows& rows, const Name& name, std::string_view site_postmaster);
// RCPT TO:<postmaster>, without domain (RFC 5321 §4.1.1.3).
Result<Resolution> expand_bare_postmaster(const Rows& rows, std::string_view site_postmaster);

}  // namespace tayori::spool
