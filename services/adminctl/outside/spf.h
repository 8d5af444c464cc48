// May this address send mail of this domain? (SPF, RFC 7208)
#pragma once

#include <string>

#include "adminctl/outside/resolver.h"
#include "adminctl/outside/spf_record.h"

namespace tayori::admin {

enum class SpfVerdict {
    pass,
    softfail,
    fail,
    neutral,
    none,
    broken,
    unknown
};  // unknown: the DNS did not answer

// Why it is broken.
enum class SpfFault {
    none,
    two_records,
    syntax,
    split,
    too_many_lookups,
    too_many_void,
    no_include,     // an included domain has no record
    broken_include  // it has one that is broken
};

struct SpfResult {
    SpfVerdict verdict = SpfVerdict::none;
    std::string record;  // as it is published
    std::string why;     // of broken and unknown
    SpfFault fault = SpfFault::none;
    std::string where;  // the term, or the domain, at fault
    unsigned lookups = 0;
};

inline constexpr unsigned kSpfLookupsMax = 10;  // RFC 7208 §4.6.4
inline constexpr unsigned kSpfVoidMax = 2;

SpfResult check_spf(Resolver& resolver, const std::string& domain, const std::string& address);
// Goes through every term, as for an address that none of them allows: finds what only some senders would meet. Its verdict is
// broken, unknown, none, or neutral for a record without fault.
SpfResult walk_spf(Resolver& resolver, const std::string& domain);

// The record with the address put in behind "v=spf1", or a new one.
std::string spf_with(const std::string& record, const std::string& address);

}  // namespace tayori::admin
