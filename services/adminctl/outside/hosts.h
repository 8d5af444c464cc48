// What the DNS says of a host, and lines of a zone file to publish.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adminctl/outside/resolver.h"
#include "common/base/result.h"

namespace tayori::admin {

// A and AAAA; empty: none, or no such name. An error: the DNS did not answer.
Result<std::vector<std::string>> addresses_of(Resolver& resolver, const std::string& host);
// PTR; empty: none.
Result<std::vector<std::string>> names_of(Resolver& resolver, const std::string& address);

// "a, b"
std::string joined_texts(const std::vector<std::string>& texts);
std::string joined_texts(const std::vector<DnsRecord>& records);

// "mail.example.jp. 300 IN A 192.0.2.1"; without `ttl_s` where it is 0.
std::string zone_line(std::string_view name, std::string_view type, std::string_view data, std::uint32_t ttl_s = 0);
std::string address_line(std::string_view name, std::string_view address, std::uint32_t ttl_s = 0);
std::string mx_line(std::string_view domain, std::string_view host, std::uint32_t ttl_s = 0);
std::string ptr_line(std::string_view address, std::string_view host);
// Text above 255 octets in several strings, with nothing lost between them (RFC 7208 §3.3).
std::string txt_line(std::string_view name, std::string_view text);

}  // namespace tayori::admin
