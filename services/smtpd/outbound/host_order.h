// Which hosts take a domain's mail, in which order: RFC 5321 §5.1, RFC 7505. Pure: what the DNS said comes in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/net/address.h"

namespace tayori::smtp {

struct MailHost {
    std::string name;  // as in MX; an address literal's address
    std::uint16_t preference = 0;
    std::vector<net::IpAddress> addresses;
    bool temporary = false;  // its addresses could not be asked for
};

// Random numbers below a bound; of tests: a table's.
using Random = std::function<std::size_t(std::size_t below)>;

// A single MX "." takes no mail (RFC 7505 §3).
bool is_null_mx(const std::vector<MailHost>& hosts);

// By preference, those of equal preference shuffled, so that load spreads (RFC 5321 §5.1: MUST).
void order_hosts(std::vector<MailHost>& hosts, const Random& random);

// Drops our own host and all that are not better than it: they would send the mail back to us (RFC 5321 §5.1). True where
// nothing is left because of that.
bool drop_ourselves(std::vector<MailHost>& hosts, const std::string& hostname, const std::vector<net::IpAddress>& own);

// IPv6 and IPv4 in turn, IPv6 first, each shuffled: where one of them does not work at all, the second try does.
std::vector<net::IpAddress> order_addresses(const std::vector<net::IpAddress>& addresses, const Random& random);

// An MX that names the server's own machine or nobody's: only somebody who plays with us publishes it.
bool is_public_target(const net::IpAddress& address);

// "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3).
Result<net::IpAddress> parse_literal(std::string_view text);

}  // namespace tayori::smtp
