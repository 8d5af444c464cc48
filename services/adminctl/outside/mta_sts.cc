#include "adminctl/outside/mta_sts.h"

#include <algorithm>
#include <charconv>

#include "adminctl/outside/tags.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kStsIdBytesMax = 32;
constexpr std::uint32_t kStsAgeMaxS = 31'557'600;  // a year
constexpr std::string_view kStsVersion = "STSv1";

bool is_alphanumeric(char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool is_mx_pattern(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(2);
    return !name.empty() && name.front() != '.' && name.back() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

bool read_policy_line(const std::string& key, const std::string& value, MtaStsPolicy& out) {
    if (key == "version") return value == kStsVersion;
    if (key == "mode") {
        out.mode = value;
        return value == "enforce" || value == "testing" || value == "none";
    }
    if (key == "mx") {
        out.mx.push_back(to_lower(value));
        return is_mx_pattern(value);
    }
    if (key == "max_age") {
        const auto* end = value.data() + value.size();
        const auto read = std::from_chars(value.data(), end, out.age_max_s);
        return read.ec == std::errc() && read.ptr == end && out.age_max_s <= kStsAgeMaxS;
    }
    return true;  // extensions are ignored
}

}  // namespace

bool is_mta_sts(std::string_view text) {
    const auto first = split_trimmed(text.substr(0, text.find(';')), '=');
    return first.size() == 2 && first[0] == "v" && first[1] == kStsVersion;
}

std::optional<std::string> parse_mta_sts(std::string_view text, std::string& wrong) {
    wrong = std::string(text.substr(0, text.find(';')));
    if (!is_mta_sts(text)) return std::nullopt;
    const auto tags = parse_tags(text, wrong);
    if (!tags) return std::nullopt;
    const auto* id = find_tag(*tags, "id");
    wrong = id == nullptr ? "id=" : cat("id=", *id);
    if (id == nullptr || id->empty() || id->size() > kStsIdBytesMax ||
        !std::all_of(id->begin(), id->end(), is_alphanumeric))
        return std::nullopt;
    return *id;
}

std::optional<MtaStsPolicy> parse_mta_sts_policy(std::string_view text, std::string& wrong) {
    MtaStsPolicy out;
    bool version = false;
    bool age = false;
    for (const auto& line : split_trimmed(text, '\n')) {
        if (line.empty()) continue;
        const auto colon = line.find(':');
        const auto key = line.substr(0, colon);
        const auto value = colon == std::string::npos ? std::string() : std::string(trim_folded(line.substr(colon + 1)));
        wrong = line;
        if (colon == std::string::npos || !read_policy_line(key, value, out)) return std::nullopt;
        version = version || key == "version";
        age = age || key == "max_age";
    }
    wrong = !version           ? "version:"
            : out.mode.empty() ? "mode:"
            : !age             ? "max_age:"
            : out.mx.empty() && out.mode != "none" ? "mx:"
                                                   : "";
    if (!wrong.empty()) return std::nullopt;
    return out;
}

bool policy_allows(const MtaStsPolicy& policy, std::string_view mx) {
    return std::any_of(policy.mx.begin(), policy.mx.end(), [&](const std::string& pattern) {
        if (!pattern.starts_with("*.")) return pattern == mx;
        // "*" stands for one label alone (RFC 8461 §4.1).
        const auto dot = mx.find('.');
        return dot != std::string_view::npos && dot > 0 && mx.substr(dot) == std::string_view(pattern).substr(1);
    });
}

}  // namespace tayori::admin
