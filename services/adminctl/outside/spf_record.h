// An SPF record as it is written (RFC 7208 §12).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adminctl/outside/address.h"

namespace tayori::admin {

enum class SpfMechanism { all, include, a, mx, ptr, ip4, ip6, exists, redirect, other_modifier };

struct SpfTerm {
    SpfMechanism mechanism = SpfMechanism::all;
    char sign = '+';
    std::string domain;  // may hold macros; empty: the record's own
    Ip network;          // of ip4 and ip6
    std::size_t prefix4 = 32;
    std::size_t prefix6 = 128;
    std::string text;  // as it is written
};

bool is_spf(std::string_view text);
// Nothing: `wrong` is the term that is.
std::optional<std::vector<SpfTerm>> parse_spf(std::string_view text, std::string& wrong);

// " ip4:192.0.2.1 -all": the terms of a record that are right, each behind a space.
std::string right_spf_terms(std::string_view text);

// Whether a record that is wrong as a whole would be right with a space between two of its strings: whoever split it
// lost one there.
bool is_wrongly_split_spf(const std::vector<std::string>& strings);

// For whom a mail is looked at.
struct SpfSender {
    std::string domain;  // of the sender's address, "postmaster@domain"
    std::string helo;
    Ip address;
};
// "%{i}._spf.%{d}" for the sender, looked at on behalf of `domain` (RFC 7208 §7).
std::string expand_spf_macros(std::string_view text, const SpfSender& sender, std::string_view domain);

}  // namespace tayori::admin
