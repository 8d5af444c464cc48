#include "common/mail/date.h"

#include <array>
#include <chrono>

#include "common/base/text.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::size_t kDateBytesMax = 256;
constexpr int kYearMax = 9999;
constexpr int kZoneMinutesMax = 24 * 60 - 1;

struct Zone {
    std::string_view name;
    int minutes;
};
// RFC 5322 §4.3, and the one that Japanese programs write.
constexpr Zone kZones[] = {{"est", -300}, {"edt", -240}, {"cst", -360},
                           {"cdt", -300}, {"mst", -420}, {"mdt", -360},
                           {"pst", -480}, {"pdt", -420}, {"jst", 540}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

std::optional<int> month_number(std::string_view name) {
    if (name.size() < 3) return std::nullopt;
    for (std::size_t i = 0; i < kMonths.size(); ++i)
        if (equals_ignoring_case(name.substr(0, 3), kMonths[i])) return static_cast<int>(i) + 1;
    return std::nullopt;
}

std::optional<std::int64_t> day_number(int year, int month, int day) {
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day))};
    if (year < 0 || year > kYearMax || !date.ok()) return std::nullopt;
    return sys_days(date).time_since_epoch().count();
}

// Words of a Date value: digits, letters, or one other character; white space and comments are
// skipped.
class Words {
  public:
    explicit Words(std::string_view text) : text_(text.substr(0, kDateBytesMax)) {}

    std::string_view peek() {
        skip();
        std::size_t n = 0;
        if (text_.empty()) return {};
        if (is_digit(text_[0]))
            while (n < text_.size() && is_digit(text_[n])) ++n;
        else if (is_alpha(text_[0]))
            while (n < text_.size() && is_alpha(text_[n])) ++n;
        else
            n = 1;
        return text_.substr(0, n);
    }
    std::string_view next() {
        const auto word = peek();
        text_.remove_prefix(word.size());
        return word;
    }
    bool take(char c) {
        if (peek() != std::string_view(&c, 1)) return false;
        next();
        return true;
    }
    // A number of at most `digits_max` digits; another word stays.
    std::optional<int> number(std::size_t digits_max) {
        const auto word = peek();
        if (word.empty() || word.size() > digits_max || !is_digit(word[0])) return std::nullopt;
        int value = 0;
        for (char c : word) value = value * 10 + (c - '0');
        next();
        return value;
    }

  private:
    void skip() {
        int depth = 0;
        while (!text_.empty()) {
            const char c = text_.front();
            if (c == '(')
                ++depth;
            else if (c == ')' && depth > 0)
                --depth;
            else if (c == '\\' && depth > 0 && text_.size() > 1)
                text_.remove_prefix(1);
            else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n')
                return;
            text_.remove_prefix(1);
        }
    }
    std::string_view text_;
};

// "GMT+0900" and "UTC-5" are read as their numbers.
int parse_zone(Words& words) {
    auto word = words.peek();
    if (!word.empty() && is_alpha(word[0])) {
        words.next();
        for (const auto& zone : kZones)
            if (equals_ignoring_case(word, zone.name)) return zone.minutes;
        word = words.peek();
    }
    if (word != "+" && word != "-") return 0;
    const int sign = words.next() == "-" ? -1 : 1;
    const auto digits = words.peek().size();
    const auto value = words.number(4);
    if (!value) return 0;
    int hours = *value / 100, minutes = *value % 100;
    if (digits <= 2) {  // "+09:00", "+9"
        hours = *value;
        minutes = words.take(':') ? words.number(2).value_or(0) : 0;
    }
    const int total = hours * 60 + minutes;
    return minutes > 59 || total > kZoneMinutesMax ? 0 : sign * total;
}

// The seconds of the day; 0 where there is no good time.
std::int64_t parse_time(Words& words) {
    const auto hour = words.number(2);
    if (!hour) return 0;
    const bool dotted = words.peek() == ".";  // "12.30.00", seen from old programs
    if (!words.take(dotted ? '.' : ':')) return 0;
    const auto minute = words.number(2);
    int second = 0;
    if (words.take(dotted ? '.' : ':')) second = words.number(2).value_or(0);
    if (!dotted && words.take('.')) words.number(9);  // fractions
    const auto half = words.peek();
    int hour24 = *hour;
    if (equals_ignoring_case(half, "AM") || equals_ignoring_case(half, "PM")) {
        hour24 = *hour % 12 + (ascii_lower(half[0]) == 'p' ? 12 : 0);
        words.next();
    }
    if (!minute || hour24 > 23 || *minute > 59 || second > 60) return 0;
    return hour24 * 3600 + *minute * 60 + second;
}

int full_year(int year, std::size_t digits) {
    if (digits == 2) return year < 50 ? year + 2000 : year + 1900;  // RFC 5322 §4.3
    if (digits == 3) return year + 1900;
    return year;
}

struct Fixed {  // a cursor for the exact forms of IMAP
    std::string_view text;
    bool take(char c) {
        if (text.empty() || text.front() != c) return false;
        text.remove_prefix(1);
        return true;
    }
    std::optional<int> digits(std::size_t n) {
        if (text.size() < n) return std::nullopt;
        int value = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (!is_digit(text[i])) return std::nullopt;
            value = value * 10 + (text[i] - '0');
        }
        text.remove_prefix(n);
        return value;
    }
    // "-Jul-1996" behind the day
    std::optional<std::int64_t> month_and_year(int day) {
        if (!take('-') || text.size() < 3) return std::nullopt;
        const auto month = month_number(text.substr(0, 3));
        text.remove_prefix(3);
        if (!month || !take('-')) return std::nullopt;
        const auto year = digits(4);
        if (!year) return std::nullopt;
        return day_number(*year, *month, day);
    }
};

struct Civil {
    int year, month, day, hour, minute, second, weekday;
};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

Civil civil_of(std::int64_t local_s) {
    using namespace std::chrono;
    const auto days_part = floor_div(local_s, 86400);
    const auto in_day = static_cast<int>(local_s - days_part * 86400);
    const sys_days day{days{static_cast<int>(days_part)}};
    const year_month_day date{day};
    return {static_cast<int>(date.year()),
            static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())),
            in_day / 3600,
            in_day / 60 % 60,
            in_day % 60,
            static_cast<int>(weekday(day).c_encoding())};
}

std::string padded(int value, std::size_t width, char fill = '0') {
    std::string text = std::to_string(value);
    if (text.size() < width) text.insert(0, width - text.size(), fill);
    return text;
}

std::string month_name(int month) {
    std::string name(kMonths[static_cast<std::size_t>(month - 1)]);
    name[0] = ascii_upper(name[0]);
    return name;
}

std::string time_and_zone(const Civil& c, int zone_minutes) {
    const int zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
    return cat(padded(c.hour, 2), ':', padded(c.minute, 2), ':', padded(c.second, 2),
               zone_minutes < 0 ? " -" : " +", padded(zone / 60, 2), padded(zone % 60, 2));
}

// Years that mail's formats cannot write are brought to their ends.
std::int64_t local_seconds(const MailDate& date) {
    constexpr std::int64_t kFirst = -62167219200, kLast = 253402300799;  // years 0 and 9999
    const std::int64_t local = date.unix_s + std::int64_t{60} * date.zone_minutes;
    return local < kFirst ? kFirst : local > kLast ? kLast : local;
}

}  // namespace

std::int64_t MailDate::local_day() const { return floor_div(local_seconds(*this), 86400); }

std::optional<MailDate> parse_mail_date(std::string_view value) {
    Words words(value);
    auto word = words.peek();
    while (!word.empty() && is_alpha(word[0]) && !month_number(word)) {  // the day of the week
        words.next();
        words.take('.');
        words.take(',');
        word = words.peek();
    }
    std::optional<int> day, month;
    std::int64_t seconds = 0;
    bool time_seen = false;
    if (!word.empty() && is_alpha(word[0])) {  // asctime: "Jul 17 02:44:25 1996"
        month = month_number(words.next());
        day = words.number(2);
        words.take(',');
        Words ahead = words;
        ahead.next();
        if (ahead.take(':')) {
            seconds = parse_time(words);
            time_seen = true;
        }
    } else {
        day = words.number(2);
        words.take('-');
        month = month_number(words.next());
        words.take('.');
        words.take('-');
    }
    if (time_seen && !words.peek().empty() && is_alpha(words.peek()[0])) words.next();  // its zone
    const auto digits = words.peek().size();
    const auto year = words.number(4);
    if (!day || !month || !year) return std::nullopt;
    const auto days = day_number(full_year(*year, digits), *month, *day);
    if (!days) return std::nullopt;
    words.take(',');
    if (!time_seen) seconds = parse_time(words);
    MailDate date;
    date.zone_minutes = parse_zone(words);
    date.unix_s = *days * 86400 + seconds - date.zone_minutes * 60;
    return date;
}

std::string format_mail_date(const MailDate& date) {
    const auto c = civil_of(local_seconds(date));
    return cat(kDays[static_cast<std::size_t>(c.weekday)], ", ", c.day, ' ', month_name(c.month),
               ' ', padded(c.year, 4), ' ', time_and_zone(c, date.zone_minutes));
}

std::optional<MailDate> parse_internal_date(std::string_view text) {
    Fixed in{text};
    const auto day = in.take(' ') ? in.digits(1) : in.digits(2);
    if (!day) return std::nullopt;
    const auto days = in.month_and_year(*day);
    if (!days || !in.take(' ')) return std::nullopt;
    const auto hour = in.digits(2);
    if (!hour || !in.take(':')) return std::nullopt;
    const auto minute = in.digits(2);
    if (!minute || !in.take(':')) return std::nullopt;
    const auto second = in.digits(2);
    if (!second || !in.take(' ')) return std::nullopt;
    const bool west = in.text.starts_with('-');
    if (!west && !in.text.starts_with('+')) return std::nullopt;
    in.text.remove_prefix(1);
    const auto zone_hours = in.digits(2);
    const auto zone_minutes = in.digits(2);
    if (!zone_hours || !zone_minutes || !in.text.empty()) return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60 || *zone_hours > 23 || *zone_minutes > 59)
        return std::nullopt;
    MailDate date;
    date.zone_minutes = (west ? -1 : 1) * (*zone_hours * 60 + *zone_minutes);
    date.unix_s = *days * 86400 + *hour * 3600 + *minute * 60 + *second - date.zone_minutes * 60;
    return date;
}

std::string format_internal_date(const MailDate& date) {
    const auto c = civil_of(local_seconds(date));
    return cat(padded(c.day, 2, ' '), '-', month_name(c.month), '-', padded(c.year, 4), ' ',
               time_and_zone(c, date.zone_minutes));
}

std::optional<std::int64_t> parse_search_date(std::string_view text) {
    Fixed in{text};
    const auto day = text.size() > 1 && is_digit(text[1]) ? in.digits(2) : in.digits(1);
    if (!day) return std::nullopt;
    const auto days = in.month_and_year(*day);
    if (!days || !in.text.empty()) return std::nullopt;
    return days;
}

std::string format_search_date(std::int64_t day) {
    const auto c = civil_of(local_seconds({day * 86400, 0}));
    return cat(c.day, '-', month_name(c.month), '-', padded(c.year, 4));
}

}  // namespace tayori::mail
