// RFC 3339's date-time.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "common/base/text.h"
#include "common/legacy/mail_head.h"

namespace tayori::legacy {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kUnixMin = -62'135'596'800;  // 0001-01-01
constexpr std::int64_t kUnixMax = 253'402'300'799;  // 9999-12-31

// Howard Hinnant's civil calendar.
std::int64_t days_of(std::int64_t year, int month, int day) {
    year -= month <= 2 ? 1 : 0;
    const auto era = (year >= 0 ? year : year - 399) / 400;
    const auto in_era = year - era * 400;
    const auto of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
}

struct Civil {
    std::int64_t year;
    std::int64_t month;
    std::int64_t day;
};
Civil civil_of(std::int64_t days) {
    days += 719468;
    const auto era = (days >= 0 ? days : days - 146096) / 146097;
    const auto in_era = days - era * 146097;
    const auto year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const auto of_year = in_era - (365 * year + year / 4 - year / 100);
    const auto mp = (5 * of_year + 2) / 153;
    const auto month = mp + (mp < 10 ? 3 : -9);
    return {year + era * 400 + (month <= 2 ? 1 : 0), month, of_year - (153 * mp + 2) / 5 + 1};
}

// Takes a number of exactly so many digits, and the character behind it where one is asked for.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}
    int number(std::size_t digits) {
        if (rest_.size() < digits) return fail();
        int value = 0;
        for (const char c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') return fail();
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }
    bool take(std::string_view any) {
        if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void need(std::string_view any) {
        if (!take(any)) ok_ = false;
    }
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

  private:
    int fail() {
        ok_ = false;
        return 0;
    }
    std::string_view rest_;
    bool ok_ = true;
};

std::string two(std::int64_t n) { return cat(n < 10 ? "0" : "", n); }

}  // namespace

std::optional<mail::MailDate> parse_rfc3339(std::string_view text) {
    constexpr std::array kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    Reader in(text);
    const int year = in.number(4);
    in.need("-");
    const int month = in.number(2);
    in.need("-");
    const int day = in.number(2);
    in.need("Tt ");
    const int hour = in.number(2);
    in.need(":");
    const int minute = in.number(2);
    in.need(":");
    const int second = in.number(2);
    if (in.ok() && in.take(".")) {
        (void)in.number(1);
        while (in.take("0123456789")) continue;
    }
    int zone = 0;
    if (!in.take("Zz")) {
        const bool west = in.take("-");
        if (!west) in.need("+");
        const int hours = in.number(2);
        in.need(":");
        const int minutes = in.number(2);
        if (hours > 23 || minutes > 59) return std::nullopt;
        zone = (hours * 60 + minutes) * (west ? -1 : 1);
    }
    if (!in.ok() || !in.at_end() || year < 1 || month < 1 || month > 12 || day < 1)
        return std::nullopt;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int days = kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
    if (day > days || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const auto local = days_of(year, month, day) * kDaySeconds + hour * 3600 + minute * 60 + second;
    return mail::MailDate{local - zone * 60, zone};
}

std::string format_rfc3339(const mail::MailDate& date) {
    const auto local = std::clamp(date.unix_s, kUnixMin + kDaySeconds, kUnixMax - kDaySeconds) +
                       date.zone_minutes * 60;
    const auto days = local >= 0 ? local / kDaySeconds : (local - kDaySeconds + 1) / kDaySeconds;
    const auto seconds = local - days * kDaySeconds;
    const auto [year, month, day] = civil_of(days);
    const auto years = cat(year);
    auto out = cat(std::string(years.size() < 4 ? 4 - years.size() : 0, '0'), years, '-',
                   two(month), '-', two(day), 'T', two(seconds / 3600), ':', two(seconds / 60 % 60),
                   ':', two(seconds % 60));
    if (date.zone_minutes == 0) return out += 'Z';
    const auto zone = std::abs(date.zone_minutes);
    append(out, date.zone_minutes < 0 ? '-' : '+', two(zone / 60), ':', two(zone % 60));
    return out;
}

}  // namespace tayori::legacy
