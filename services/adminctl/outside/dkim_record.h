// A DKIM key as it is published: the record for people to copy, and whether the DNS has it (RFC 6376 §3.6.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adminctl/outside/resolver.h"

namespace tayori::admin {

// "s1._domainkey.example.test. IN TXT ( "…" "…" )": a string of TXT has at most 255 octets (RFC 1035 §3.3), so it is several lines.
std::string dkim_zone_lines(std::string_view name, std::string_view record);

enum class PublishedVerdict {
    same,
    missing,   // no such name, or no TXT there
    other,     // another key, a broken record, or several
    unknown,   // the DNS did not answer
};
struct Published {
    PublishedVerdict verdict = PublishedVerdict::unknown;
    std::vector<std::string> found;  // as published
    std::string why;                 // of unknown
};
// `name` with or without its last dot; `record` is ours.
Published look_up_dkim(Resolver& resolver, std::string_view name, std::string_view record);

// Do both records tell verifiers the same key? White space within p= and other tags do not matter, as long as they allow what we sign.
bool same_dkim_key(std::string_view published, std::string_view ours);

}  // namespace tayori::admin
