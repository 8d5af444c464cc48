// May this address send mail of this domain? (SPF)
#pragma once

#include <string>

#include "adminctl/outside/resolver.h"

namespace tayori::admin {

enum class SpfVerdict {
    pass,
    softfail,
    fail,
    neutral,
    none,
    broken,
    unknown
};  // unknown: the DNS did not answer, or a macro

struct SpfResult {
    SpfVerdict verdict = SpfVerdict::none;
    std::string record;  // as it is published
    std::string why;     // of broken and unknown
};

SpfResult check_spf(Resolver& resolver, const std::string& domain, const std::string& address);

// The record with the address put in behind "v=spf1", or a new one.
std::string spf_with(const std::string& record, const std::string& address);

}  // namespace tayori::admin
