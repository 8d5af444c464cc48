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
    std::uint64_t plugin_profile = 0;       // Target.plugin_profile
    std::vector<std::string> aliases = {};  // Target.aliases
};

struct Resolution {
    bool own_domain = false;   // false: one target, the address itself
    bool endless = false;      // aliases in a circle, or more than the limits allow
    std::vector<ResolvedTarget> targets;
};

// What holds for all domains.
struct SiteRules {
    std::string postmaster;     // an address; may be empty
    std::string tag_separator;  // one character, or empty
};

// The domain's rules in their order: the exact address; the address before its tag; for postmaster the site's
// setting; the domain's catch-all; for postmaster the oldest account of the domain, or of the
// site (RFC 5321 §4.5.1: it must be reachable).
Result<Resolution> expand(const Rows& rows, const Name& name, const SiteRules& rules);
// RCPT TO:<postmaster>, without domain (RFC 5321 §4.1.1.3).
Result<Resolution> expand_bare_postmaster(const Rows& rows, const SiteRules& rules);

// "anna+lists" parted; `base` is empty when there is no tag.
struct Tagged {
    std::string base;
    std::string tag;
};
Tagged part_tag(const std::string& local, const SiteRules& rules);

}  // namespace tayori::spool
