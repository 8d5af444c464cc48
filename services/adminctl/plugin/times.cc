#include "adminctl/plugin/times.h"

#include <charconv>
#include <chrono>
#include <vector>

#include "adminctl/plugin/test_file.h"

namespace tayori::admin::kit {
namespace {

// Numbers parted by a character: "2026-12-28".
bool numbers(std::string_view text, char between, std::vector<std::int64_t>& out) {
    for (;;) {
        const auto end = std::min(text.find(between), text.size());
        if (!parse_number(text.substr(0, end), out.emplace_back())) return false;
        if (end == text.size()) return true;
        text.remove_prefix(end + 1);
    }
}

bool parse_day(std::string_view text, std::int64_t& unix_s) {
    std::vector<std::int64_t> day;
    if (!numbers(text, '-', day) || day.size() != 3) return false;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(day[0])), std::chrono::month(static_cast<unsigned>(day[1])),
                                           std::chrono::day(static_cast<unsigned>(day[2])));
    if (!date.ok()) return false;
    unix_s = std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
    return true;
}

bool parse_zone(std::string_view text, int& minutes) {
    std::int64_t number = 0;
    constexpr std::int64_t kHundred = 100, kHour = 60;
    if (text.size() != 5 || (text[0] != '+' && text[0] != '-') || !parse_number(text.substr(1), number)) return false;
    minutes = static_cast<int>(number / kHundred * kHour + number % kHundred) * (text[0] == '-' ? -1 : 1);
    return true;
}

}  // namespace

bool parse_number(std::string_view text, std::int64_t& number) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 0;
}

bool parse_moment(std::string_view text, std::int64_t& unix_s, int& zone_minutes) {
    const auto words = split_words(text);
    constexpr std::int64_t kMinute = 60, kHour = 3'600;
    if (words.empty() || words.size() > 3 || !parse_day(words[0], unix_s)) return false;
    zone_minutes = 0;
    for (std::size_t i = 1; i < words.size(); ++i) {
        std::vector<std::int64_t> clock;
        if (parse_zone(words[i], zone_minutes)) continue;
        if (!numbers(words[i], ':', clock) || clock.size() < 2 || clock.size() > 3 || clock[0] > 23 || clock[1] > 59) return false;
        unix_s += clock[0] * kHour + clock[1] * kMinute + (clock.size() == 3 ? clock[2] : 0);
    }
    unix_s -= zone_minutes * kMinute;
    return true;
}

}  // namespace tayori::admin::kit
