#include "adminctl/outside/dmarc.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "adminctl/outside/tags.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::uint32_t kWholePercent = 100;

bool is_one_of(const std::string& value, std::initializer_list<std::string_view> allowed) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](std::string_view one) { return equals_ignoring_case(value, one); });
}

std::optional<std::uint32_t> whole_number(std::string_view text, std::uint32_t max) {
    std::uint32_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || out > max) return std::nullopt;
    return out;
}

// "mailto:a@b!10m, …" Other schemes than mailto may come some day and are left alone (RFC 7489 §6.2).
bool read_reports(const std::string& value, std::vector<std::string>* out) {
    for (const auto& uri : split_trimmed(value, ',')) {
        const auto colon = uri.find(':');
        if (colon == std::string::npos || colon == 0) return false;
        if (!equals_ignoring_case(uri.substr(0, colon), "mailto")) continue;
        const auto address = uri.substr(colon + 1, uri.find('!') - colon - 1);
        const auto at = address.find('@');
        if (at == 0 || at == std::string::npos || at + 1 == address.size() ||
            address.find_first_of(" @", at + 1) != std::string::npos)
            return false;
        if (out != nullptr) out->push_back(address);
    }
    return true;
}

bool read_dmarc_tag(const Tag& tag, DmarcRecord& out) {
    const auto value = to_lower(tag.value);
    if (tag.name == "p" || tag.name == "sp") {
        (tag.name == "p" ? out.policy : out.subdomain_policy) = value;
        return is_one_of(value, {"none", "quarantine", "reject"});
    }
    if (tag.name == "adkim" || tag.name == "aspf") {
        (tag.name == "adkim" ? out.strict_dkim : out.strict_spf) = value == "s";
        return is_one_of(value, {"r", "s"});
    }
    if (tag.name == "pct") {
        const auto percent = whole_number(value, kWholePercent);
        out.percent = percent.value_or(kWholePercent);
        return percent.has_value();
    }
    if (tag.name == "rua") return read_reports(tag.value, &out.reports);
    if (tag.name == "ruf") return read_reports(tag.value, nullptr);
    if (tag.name == "ri") return whole_number(value, UINT32_MAX).has_value();
    if (tag.name == "fo") {
        const auto parts = split_trimmed(value, ':');
        return std::all_of(parts.begin(), parts.end(),
                           [](const std::string& part) { return is_one_of(part, {"0", "1", "d", "s"}); });
    }
    return true;  // unknown tags are ignored
}

bool begins_with_version(std::string_view text, std::string_view version) {
    const auto first = split_trimmed(text.substr(0, text.find(';')), '=');
    return first.size() == 2 && first[0] == "v" && first[1] == version;
}

}  // namespace

bool is_dmarc(std::string_view text) { return begins_with_version(text, "DMARC1"); }

std::optional<DmarcRecord> parse_dmarc(std::string_view text, std::string& wrong) {
    wrong = std::string(text.substr(0, text.find(';')));
    if (!is_dmarc(text)) return std::nullopt;
    const auto tags = parse_tags(text, wrong);
    if (!tags) return std::nullopt;
    DmarcRecord out;
    for (const auto& tag : *tags) {
        if (read_dmarc_tag(tag, out)) continue;
        wrong = cat(tag.name, '=', tag.value);
        return std::nullopt;
    }
    if (!out.policy.empty()) return out;
    wrong = "p=";
    return std::nullopt;
}

bool is_tls_rpt(std::string_view text) { return begins_with_version(text, "TLSRPTv1"); }

std::optional<std::vector<std::string>> parse_tls_rpt(std::string_view text, std::string& wrong) {
    wrong = std::string(text.substr(0, text.find(';')));
    if (!is_tls_rpt(text)) return std::nullopt;
    const auto tags = parse_tags(text, wrong);
    if (!tags) return std::nullopt;
    const auto* reports = find_tag(*tags, "rua");
    wrong = reports == nullptr ? "rua=" : cat("rua=", *reports);
    if (reports == nullptr || reports->empty()) return std::nullopt;
    auto uris = split_trimmed(*reports, ',');
    for (const auto& uri : uris)
        if (!uri.starts_with("mailto:") && !uri.starts_with("https:")) return std::nullopt;
    return uris;
}

}  // namespace tayori::admin
