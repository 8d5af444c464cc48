#include "common/legacy/mbox/from_line.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy::mbox {
namespace {

constexpr std::size_t kFromLineBytesMax = 1024;  // looked at
constexpr std::size_t kDateWordsMax = 8;         // from the day of the week to the end
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view word) {
    return std::any_of(names.begin(), names.end(), [&](auto name) { return equals_ignoring_case(name, word); });
}

bool is_digits(std::string_view word, std::size_t least, std::size_t most) {
    return word.size() >= least && word.size() <= most &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_time(std::string_view word) {  // 0:00, 00:00:00
    const auto hour = take_word(word, ':');
    const auto minute = take_word(word, ':');
    return is_digits(hour, 1, 2) && is_digits(minute, 2, 2) && (word.empty() || is_digits(word, 2, 2));
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto word = take_word(text);
        if (!word.empty()) words.push_back(word);
    }
    return words;
}

// The words from the day of the week on.
std::optional<mail::MailDate> parse_words(const std::vector<std::string_view>& words, std::size_t at) {
    if (words.size() - at < 5 || !is_one_of(kDays, words[at]) || !is_one_of(kMonths, words[at + 1])) return std::nullopt;
    if (!is_digits(words[at + 2], 1, 2) || !is_time(words[at + 3])) return std::nullopt;
    std::string_view year, zone;
    for (std::size_t i = at + 4; i < words.size() && i < at + kDateWordsMax; ++i) {
        if (year.empty() && is_digits(words[i], 4, 4)) year = words[i];
        else if (zone.empty()) zone = words[i];
        if (!year.empty() && !zone.empty()) break;
        if (!year.empty() && i > at + 4) break;  // a word behind "<zone> <year>" is no zone
    }
    if (year.empty()) return std::nullopt;
    return mail::parse_mail_date(cat(words[at + 2], ' ', words[at + 1], ' ', year, ' ', words[at + 3], ' ', zone));
}

}  // namespace

std::optional<mail::MailDate> parse_from_line(std::string_view line) {
    if (!line.starts_with("From ")) return std::nullopt;
    const auto words = words_of(line.substr(5, kFromLineBytesMax));
    for (std::size_t at = 0; at + 5 <= words.size(); ++at)
        if (auto date = parse_words(words, at)) return date;
    return std::nullopt;
}

std::size_t quotes_of_from(std::string_view line) {
    const auto quotes = line.find_first_not_of('>');
    return quotes != std::string_view::npos && line.substr(quotes).starts_with("From ") ? quotes : 0;
}

}  // namespace tayori::legacy::mbox
