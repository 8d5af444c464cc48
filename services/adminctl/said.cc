#include "adminctl/said.h"

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

}  // namespace

std::string said_text(const v1::Said& said) {
    std::string words;
    if (said.code() != 0) words = cat(said.code());
    for (const auto& part : {said.status(), said.text()})
        if (!part.empty()) append(words, words.empty() ? "" : " ", part);
    if (words.empty()) return {};
    if (!said.stage().empty()) append(words, " (", said.stage(), ")");
    const auto& host = said.host().empty() ? said.address() : said.host();
    return host.empty() ? words : cat(host, ": ", words);
}

std::string show_wait(std::int64_t at_ms, std::int64_t now_ms) {
    if (at_ms == 0) return "-";
    const auto left = at_ms - now_ms;
    if (left <= 0) return "now";
    if (left < kMinuteMs) return cat("in ", left / 1000 + 1, "s");
    if (left < kHourMs) return cat("in ", left / kMinuteMs, "m");
    if (left < kDayMs) return cat("in ", left / kHourMs, "h ", left % kHourMs / kMinuteMs, "m");
    return cat("in ", left / kDayMs, "d ", left % kDayMs / kHourMs, "h");
}

}  // namespace tayori::admin
