// A domain's policy for mail that proves nothing (DMARC, RFC 7489 §6.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::admin {

struct DmarcRecord {
    std::string policy;                // p: "none", "quarantine", "reject"
    std::string subdomain_policy;      // sp; empty: as p
    bool strict_dkim = false;          // adkim=s
    bool strict_spf = false;           // aspf=s
    std::uint32_t percent = 100;       // pct
    std::vector<std::string> reports;  // rua: addresses; sizes are left out
};

// Whether receivers would take the text for a DMARC record at all; others at the name are passed over.
bool is_dmarc(std::string_view text);
// Nothing: `wrong` is the part that is.
std::optional<DmarcRecord> parse_dmarc(std::string_view text, std::string& wrong);

// TLS reports (RFC 8460 §3): where they go, or nothing and the part that is wrong.
bool is_tls_rpt(std::string_view text);
std::optional<std::vector<std::string>> parse_tls_rpt(std::string_view text, std::string& wrong);

}  // namespace tayori::admin
