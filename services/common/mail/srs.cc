#include "common/mail/srs.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kHashChars = 6;     // 30 bits: a guess costs a refused recipient
constexpr std::size_t kHashCharsMin = 4;  // of others
constexpr std::size_t kTagChars = 4;      // "SRS0"
constexpr std::size_t kDayChars = 2;
constexpr std::int64_t kSrsDaySeconds = 86'400;
constexpr std::uint32_t kDaysRound = 1024;
constexpr std::uint32_t kDayAhead = 1;  // a clock that was set back

std::uint32_t srs_day(std::int64_t now_s) { return static_cast<std::uint32_t>(now_s / kSrsDaySeconds % kDaysRound); }

std::string day_text(std::uint32_t day) { return {kBase32[day >> 5 & 31], kBase32[day & 31]}; }

std::optional<std::uint32_t> read_day(std::string_view text) {
    std::uint32_t day = 0;
    for (const char c : text) {
        const auto digit = kBase32.find(ascii_upper(c));
        if (digit == std::string_view::npos) return std::nullopt;
        day = day << 5 | static_cast<std::uint32_t>(digit);
    }
    return text.size() == kDayChars ? std::optional(day) : std::nullopt;
}

std::string hash_of(std::string_view key, std::string_view text) {
    const auto digest = crypto::hmac_sha256(key, to_lower(text));
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | static_cast<unsigned char>(digest[i]);
    std::string out;
    for (std::size_t i = 0; i < kHashChars; ++i, bits >>= 5) out += kBase32[bits & 31];
    return out;
}

// What the hash covers.
std::string covered(const SrsParts& parts) {
    return parts.again ? cat("1", parts.domain, "=", parts.local) : cat("0", parts.day, "=", parts.domain, "=", parts.local);
}

bool is_separator(char c) { return c == '=' || c == '+' || c == '-'; }

// The text before the next '=', which goes.
std::optional<std::string> take_until_equals(std::string_view& rest) {
    const auto at = rest.find('=');
    if (at == std::string_view::npos || at == 0) return std::nullopt;
    std::string out(rest.substr(0, at));
    rest.remove_prefix(at + 1);
    return out;
}

}  // namespace

std::optional<SrsParts> parse_srs(std::string_view local_part) {
    if (local_part.size() <= kTagChars + 1 || !is_separator(local_part[kTagChars])) return std::nullopt;
    const bool first = equals_ignoring_case(local_part.substr(0, kTagChars), "SRS0");
    SrsParts parts;
    parts.again = equals_ignoring_case(local_part.substr(0, kTagChars), "SRS1");
    if (!first && !parts.again) return std::nullopt;
    auto rest = local_part.substr(kTagChars + 1);
    auto hash = take_until_equals(rest);
    if (!hash || hash->size() < kHashCharsMin) return std::nullopt;
    parts.hash = std::move(*hash);
    if (first) {
        auto day = take_until_equals(rest);
        if (!day || day->size() != kDayChars) return std::nullopt;
        parts.day = std::move(*day);
    }
    auto domain = take_until_equals(rest);
    if (!domain || rest.empty() || (parts.again && !is_separator(rest.front()))) return std::nullopt;
    parts.domain = std::move(*domain);
    parts.local = rest;
    return parts;
}

Result<Address> Srs::forward(const Address& sender, std::string_view domain, std::int64_t now_s) const {
    SrsParts parts;
    if (auto given = parse_srs(sender.local)) {
        // Forwarded by another site before: its notifications go there, past those in between.
        parts.again = true;
        parts.domain = given->again ? std::move(given->domain) : sender.domain;
        parts.local = given->again ? std::move(given->local) : sender.local.substr(kTagChars);
    } else {
        parts.day = day_text(srs_day(now_s));
        parts.domain = sender.domain;
        parts.local = sender.local;
    }
    const auto text = covered(parts).substr(1);
    Address out;
    out.local = cat(parts.again ? "SRS1=" : "SRS0=", hash_of(keys_.front(), covered(parts)), "=", text);
    out.domain = domain;
    if (out.local.size() > kSrsLocalPartBytesMax || to_text(out).size() > kPathBytesMax)
        return fail(Kind::too_big, "The sender's address is too long to be rewritten.");
    return out;
}

bool Srs::is_ours(std::string_view hash, std::string_view text) const {
    const auto given = to_upper(hash);
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const std::string& key) { return crypto::constant_time_equal(hash_of(key, text), given); });
}

Result<Address> Srs::reverse(const SrsParts& parts, std::int64_t now_s) const {
    if (!is_ours(parts.hash, covered(parts))) return fail(Kind::not_found, "No such user here.", "the hash of SRS is wrong");
    if (parts.again) return Address{cat("SRS0", parts.local), parts.domain};
    const auto day = read_day(parts.day);
    if (!day) return fail(Kind::not_found, "No such user here.", "the day of SRS is none");
    const auto age = (srs_day(now_s) + kDaysRound + kDayAhead - *day) % kDaysRound;
    if (age > days_ + kDayAhead) return fail(Kind::not_found, "No such user here.", "the address of SRS is too old");
    return Address{parts.local, parts.domain};
}

}  // namespace tayori::mail
