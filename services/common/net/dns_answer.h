// What a packet from a name server says (RFC 1035 §4.1). Bytes in, values out; fuzzed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/address.h"

namespace tayori::net {

enum class DnsType : std::uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 };

inline constexpr std::size_t kDnsRecordsMax = 200;      // of one answer; the rest is left out
inline constexpr std::chrono::seconds kDnsNegativeTtl{60};  // where a negative answer says nothing (RFC 2308 §5)

struct DnsRecord {
    std::uint16_t preference = 0;  // of MX
    std::string text;              // MX, PTR: a name, lower case, without its last dot, "" for the root; TXT: its strings as one
    IpAddress address;             // of A and AAAA
    bool operator==(const DnsRecord&) const = default;
};

struct DnsAnswer {
    enum class Found {
        records,
        no_such_record,  // the name exists
        no_such_name,
    };
    Found found = Found::no_such_record;
    std::vector<DnsRecord> records;
    std::chrono::seconds ttl = kDnsNegativeTtl;  // for how long all of it holds
};

// busy: the server could not tell (SERVFAIL, REFUSED). corrupt: it is no answer by any reading.
Result<DnsAnswer> read_dns_answer(std::string_view packet, DnsType type);

}  // namespace tayori::net
