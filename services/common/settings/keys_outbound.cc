#include "common/settings/declare.h"

namespace tayori::settings {

void declare_outbound(Table& table) {
    constexpr std::uint64_t kDaySeconds = 86'400;
    constexpr std::uint64_t kMany = 1'000'000'000;
    Section<Outbound> s(table, "outbound", &Settings::outbound,
                        "Mail that goes out: how often it is tried, how much at once, and what its sender is told.");
    s.amount("retry_first_s", &Outbound::retry_first_s, 1, kDaySeconds,
             "After the first try that failed; each time twice as long: 2, 4, 8, 16 … minutes. A route may say otherwise.");
    s.amount("retry_cap_s", &Outbound::retry_cap_s, 1, 7 * kDaySeconds, "And at most this long.");
    s.amount("retry_jitter_percent", &Outbound::retry_jitter_percent, 0, 50,
             "Waits are this much longer or shorter by chance, so that what failed together does not come back together.");
    s.amount("max_age_s", &Outbound::max_age_s, 60, 60 * kDaySeconds,
             "How long a mail is tried; then it has failed and its sender is told (RFC 5321 §4.5.4.1: at least 4 to 5 days).");
    s.amount("delay_notice_s", &Outbound::delay_notice_s, 0, 60 * kDaySeconds,
             "When the sender is told, once, that a mail is still on its way; 0 is never.");
    s.amount("connections_start", &Outbound::connections_start, 1, 1000,
             "Connections at once to a destination that nothing is known of; more as it takes mail, fewer as connections fail.");
    s.amount("connections_per_destination_max", &Outbound::connections_per_destination_max, 1, 1000,
             "The most connections at once to one destination, of all smtpd together.");
    s.amount("lease_s", &Outbound::lease_s, 60, kDaySeconds,
             "How long a smtpd may take for a mail before another tries it (RFC 5321 §4.5.3.2.6: the end of data alone may "
             "take ten minutes).");
    s.choice("dsn_language", &Outbound::dsn_language, {"en", "ja", "both"},
             "The language of notifications to senders, and of notices to the postmaster.");
    s.amount("dsn_full_bytes_max", &Outbound::dsn_full_bytes_max, 0, 10 * kMiB,
             "A notification brings the whole mail back where the sender asked for it and it is no longer than this, else its "
             "header.");
    s.amount("per_hour_max", &Outbound::per_hour_max, 0, kMany,
             "Recipients elsewhere that one account may send to in an hour; more get a temporary refusal. 0 is no limit.");
    s.amount("per_day_max", &Outbound::per_day_max, 0, kMany, "The same in a day (of UTC).");
    s.amount("unusual_factor", &Outbound::unusual_factor, 0, 10'000,
             "The postmaster gets a word when an account sends this many times its usual day, at most once a day; 0 is never.");
    s.amount("unusual_min", &Outbound::unusual_min, 1, kMany, "Fewer recipients in a day are never unusual.");

    Section<Trace> trace(table, "trace", &Settings::trace, "What `adminctl trace` knows of mails.");
    trace.amount("days", &Trace::days, 1, 3650, "How long it is kept; a mail costs some 200 bytes.");
}

}  // namespace tayori::settings
