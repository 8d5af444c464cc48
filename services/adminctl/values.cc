#include "adminctl/values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kUnits = "KMGTP";

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto wrong = [&] {
        return fail(Kind::invalid, cat("\"", text, "\" is no size: write it as in 500M, 2G or none."));
    };
    if (text == "none") return std::uint64_t{0};
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || text.front() == '-') return wrong();
    auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    double factor = 1;
    if (!unit.empty() && kUnits.find(ascii_upper(unit.front())) != std::string_view::npos) {
        factor = std::pow(1024.0, static_cast<double>(kUnits.find(ascii_upper(unit.front())) + 1));
        unit.remove_prefix(1);
        if (unit.starts_with('i')) unit.remove_prefix(1);
    }
    if (!unit.empty() && unit != "B" && unit != "b") return wrong();
    const double bytes = std::round(number * factor);
    if (!(bytes >= 0) || bytes > 9e18) return wrong();
    return static_cast<std::uint64_t>(bytes);
}

std::string show_size(std::uint64_t bytes) {
    if (bytes < 1024) return cat(bytes, " B");
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (amount /= 1024; amount >= 1023.95 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
    return fmt::format("{:.1f} {}iB", amount, kUnits[unit]);
}

std::string show_limit(std::uint64_t limit, bool is_size) {
    if (limit == 0) return "none";
    return is_size ? show_size(limit) : cat(limit);
}

std::string show_percent(std::uint64_t used, std::uint64_t limit) {
    if (limit == 0) return "";
    return fmt::format("{:.0f}%", 100.0 * static_cast<double>(used) / static_cast<double>(limit));
}

std::string with_commas(std::uint64_t n) {
    auto digits = std::to_string(n);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

std::string show_time(std::int64_t unix_s) {
    if (unix_s == 0) return "-";
    const auto time = static_cast<std::time_t>(unix_s);
    std::tm local{};
    localtime_r(&time, &local);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local)};
}

Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_s) {
    const std::string copy(text);
    std::tm local{};
    const char* end = strptime(copy.c_str(), "%Y-%m-%d", &local);
    if (end != nullptr && *end == ' ') end = strptime(end, " %H:%M", &local);
    if (end != nullptr && *end == '\0') {
        local.tm_isdst = -1;
        return static_cast<std::int64_t>(std::mktime(&local));
    }
    char* unit = nullptr;
    const auto number = std::strtol(copy.c_str(), &unit, 10);
    const std::string_view rest = unit;
    const std::int64_t factor = rest == "d" ? 86'400 : rest == "h" ? 3'600 : rest == "m" ? 60 : 0;
    if (number <= 0 || number > 100'000 || factor == 0)
        return fail(Kind::invalid, cat("\"", text, "\" is no time: write 2d, 12h, 30m or 2026-11-22."));
    return now_s - number * factor;
}

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_s) {
    constexpr std::int64_t kMillis = 1000;
    const std::string copy(text);
    if (copy.starts_with('@')) {
        char* end = nullptr;
        const auto seconds = std::strtod(copy.c_str() + 1, &end);
        if (copy.size() > 1 && *end == '\0' && seconds > 0) return static_cast<std::int64_t>(seconds * kMillis + 0.5);
    }
    std::tm local{};
    const char* end = strptime(copy.c_str(), "%Y-%m-%d %H:%M:%S", &local);
    if (end != nullptr && *end == '\0') {
        local.tm_isdst = -1;
        return static_cast<std::int64_t>(std::mktime(&local)) * kMillis;
    }
    return parse_since(text, now_s).map([](std::int64_t s) { return s * kMillis; });
}

std::string show_moment(std::int64_t unix_ms) {
    if (unix_ms == 0) return "-";
    const std::time_t s = unix_ms / 1000;
    std::tm local{};
    localtime_r(&s, &local);
    char text[32];
    const auto size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    return {text, size};
}

Result<std::vector<v1::Protocol>> parse_protocols(std::string_view text) {
    std::vector<v1::Protocol> out;
    if (text == "all") return std::vector<v1::Protocol>{v1::PROTOCOL_IMAP, v1::PROTOCOL_POP3, v1::PROTOCOL_SUBMISSION};
    while (!text.empty()) {
        const auto name = text.substr(0, text.find(','));
        text.remove_prefix(std::min(name.size() + 1, text.size()));
        if (name == "imap") out.push_back(v1::PROTOCOL_IMAP);
        else if (name == "pop3") out.push_back(v1::PROTOCOL_POP3);
        else if (name == "submission" || name == "smtp") out.push_back(v1::PROTOCOL_SUBMISSION);
        else return fail(Kind::invalid, cat("\"", name, "\" is no protocol: write imap, pop3, submission or all."));
    }
    if (out.empty()) return fail(Kind::invalid, "Name at least one protocol: imap, pop3, submission or all.");
    return out;
}

std::string show_state(v1::AccountState state) {
    switch (state) {
        case v1::ACCOUNT_STATE_ACTIVE: return "active";
        case v1::ACCOUNT_STATE_SUSPENDED: return "suspended";
        case v1::ACCOUNT_STATE_DELETED: return "deleted";
        case v1::ACCOUNT_STATE_RETIRED: return "retired";
        default: return "?";
    }
}

}  // namespace tayori::admin
