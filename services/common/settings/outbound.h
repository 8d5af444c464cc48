// The outbound queue: who schedules it (spoold) and who carries it (smtpd) read the same section.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/settings/value.h"

namespace tayori::settings {

enum class NoticeLanguage { en, ja, both };

struct Outbound {
    std::chrono::seconds retry_first_s{120};
    std::chrono::seconds retry_cap_s{3600};
    std::uint32_t retry_jitter_percent = 10;
    std::chrono::seconds max_age_s{432'000};
    std::chrono::seconds delay_notice_s{14'400};
    std::uint32_t connections_start = 2;
    std::uint32_t connections_per_destination_max = 20;
    std::chrono::seconds lease_s{900};
    NoticeLanguage dsn_language = NoticeLanguage::en;
    std::uint64_t dsn_full_bytes_max = 64 * kKiB;
    std::uint32_t per_hour_max = 0;
    std::uint32_t per_day_max = 0;
    std::uint32_t unusual_factor = 10;
    std::uint32_t unusual_min = 100;
};

struct Trace {
    std::uint32_t days = 14;
};

}  // namespace tayori::settings
