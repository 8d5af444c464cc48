// Packets from name servers: no read behind the end, names that end.
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/net/dns_answer.h"

using namespace tayori::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    for (const auto type : {DnsType::a, DnsType::aaaa, DnsType::mx, DnsType::ptr, DnsType::txt}) {
        const auto answer = read_dns_answer(packet, type);
        if (!answer) continue;
        FUZZ_CHECK(answer->records.size() <= kDnsRecordsMax);
        FUZZ_CHECK(answer->records.empty() == (answer->found != DnsAnswer::Found::records));
    }
    return 0;
}
