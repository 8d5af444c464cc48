// A domain's promise that its servers speak TLS (MTA-STS): the record (RFC 8461 §3.1) and the policy (§3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::admin {

bool is_mta_sts(std::string_view text);
// The policy's id; nothing: `wrong` is the part that is.
std::optional<std::string> parse_mta_sts(std::string_view text, std::string& wrong);

struct MtaStsPolicy {
    std::string mode;  // "enforce", "testing", "none"
    std::uint32_t age_max_s = 0;
    std::vector<std::string> mx;  // names, or "*.example.jp"; lower case
};
inline constexpr std::size_t kStsPolicyBytesMax = 64 * 1024;  // RFC 8461 §3.3

// Nothing: `wrong` is the line that is, or what is missing.
std::optional<MtaStsPolicy> parse_mta_sts_policy(std::string_view text, std::string& wrong);
bool policy_allows(const MtaStsPolicy& policy, std::string_view mx);

}  // namespace tayori::admin
