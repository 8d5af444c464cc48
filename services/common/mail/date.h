// Dates of mail: RFC 5322 §3.3 with everything obsolete and most that is wrong, and the two forms
// of IMAP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tayori::mail {

struct MailDate {
    std::int64_t unix_s = 0;
    int zone_minutes = 0;  // east of Greenwich
    bool operator==(const MailDate&) const = default;
    // The calendar day as the sender saw it, in days since 1970-01-01: what SENTON compares,
    // "disregarding time and timezone" (RFC 3501 §6.4.4).
    std::int64_t local_day() const;
};

// A Date field's value. Unknown zones count as UTC, a wrong time as 00:00:00 (RFC 5256 §2.2).
// Nothing without a day.
std::optional<MailDate> parse_mail_date(std::string_view value);
std::string format_mail_date(const MailDate& date);  // "Wed, 17 Jul 1996 02:44:25 -0700"

// IMAP's date-time without its quotes: "17-Jul-1996 02:44:25 -0700", the day may have a leading
// space.
std::optional<MailDate> parse_internal_date(std::string_view text);
std::string format_internal_date(const MailDate& date);

// IMAP's date "1-Feb-1994" (without quotes) as days since 1970-01-01.
std::optional<std::int64_t> parse_search_date(std::string_view text);
std::string format_search_date(std::int64_t day);

}  // namespace tayori::mail
