// How long a mail waits between two tries, and when it is given up. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tayori/spool/v1/queue.pb.h"

namespace tayori::spool {

struct RetryRules {
    std::int64_t first_ms = 120'000;       // outbound.retry_first_s; doubled with each try
    std::int64_t cap_ms = 3'600'000;       // outbound.retry_cap_s
    std::int64_t max_age_ms = 432'000'000; // outbound.max_age_s
    std::uint32_t jitter_percent = 10;     // outbound.retry_jitter_percent, up or down

    // What a route says stands before what the site says.
    RetryRules with(const v1::Route& route) const {
        constexpr std::int64_t kSecondMs = 1000;
        auto rules = *this;
        if (route.retry_first_s() != 0) rules.first_ms = route.retry_first_s() * kSecondMs;
        if (route.retry_cap_s() != 0) rules.cap_ms = route.retry_cap_s() * kSecondMs;
        if (route.max_age_s() != 0) rules.max_age_ms = route.max_age_s() * kSecondMs;
        return rules;
    }
    bool is_over(std::int64_t created_ms, std::int64_t now_ms) const { return now_ms - created_ms >= max_age_ms; }
};

// After so many tries: 2, 4, 8, 16 … minutes. Jitter keeps what failed together from coming back together.
inline std::int64_t retry_delay_ms(const RetryRules& rules, std::uint32_t tries, std::uint64_t random) {
    constexpr std::uint32_t kDoublingsMax = 30;
    const auto doublings = std::min(tries == 0 ? 0 : tries - 1, kDoublingsMax);
    const auto delay = std::min(rules.cap_ms, rules.first_ms << doublings);
    const auto span = delay / 100 * rules.jitter_percent;
    if (span == 0) return delay;
    return delay - span + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(2 * span + 1));
}

}  // namespace tayori::spool
