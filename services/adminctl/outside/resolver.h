// Questions to the DNS, as the world outside would ask them. Blocks; a few at a time is all that adminctl asks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::admin {

enum class DnsType : std::uint16_t {
    a = 1,
    cname = 5,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    srv = 33,
    spf = 99,  // given up by RFC 7208 §3.1
};
std::string_view dns_type_name(DnsType type);  // "MX"


struct DnsRecord {
    std::uint32_t ttl_s = 0;
    std::uint16_t preference = 0;  // of MX; SRV's priority
    std::string text;              // an address; a name, lower case, without its last dot; TXT's strings as one
    std::vector<std::string> strings = {};  // of TXT, as they are split
    std::uint16_t weight = 0;               // of SRV
    std::uint16_t port = 0;                 // of SRV
};

// Why a question failed, in Error::detail of busy.
inline constexpr std::string_view kDnsServfail = "SERVFAIL";
inline constexpr std::string_view kDnsRefused = "REFUSED";
inline constexpr std::string_view kDnsSilent = "silent";

class Resolver {
  public:
    virtual ~Resolver() = default;
    // Empty: the name has no such record. not_found: there is no such name. busy: nobody answered, or not well.
    virtual Result<std::vector<DnsRecord>> ask(const std::string& name, DnsType type) = 0;
    // Whether what failed is answered when nobody checks signatures: then DNSSEC is what is wrong.
    virtual bool answers_unvalidated(const std::string& /*name*/, DnsType /*type*/) { return false; }
};

// By c-ares. `server`: "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53"; empty: the machine's.
Result<std::unique_ptr<Resolver>> make_resolver(const std::string& server);

// Asks each question once, and so many at most.
std::unique_ptr<Resolver> make_cached_resolver(std::unique_ptr<Resolver> inner, std::size_t questions_max);

// What a server's answer says of `type`. corrupt: it is no answer by any reading.
Result<std::vector<DnsRecord>> read_dns_answer(std::string_view packet, DnsType type);
// "1.2.0.192.in-addr.arpa". Empty: no address.
std::string reverse_name(std::string_view address);

}  // namespace tayori::admin
