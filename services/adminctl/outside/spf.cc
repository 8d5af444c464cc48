#include "adminctl/outside/spf.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr unsigned kLookupsMax = 10;  // that an evaluation may take; more is an error of the record
constexpr std::string_view kVersion = "v=spf1";

struct Ip {
    int family = AF_INET;
    std::array<std::uint8_t, 16> bytes{};
    std::size_t bits() const { return family == AF_INET ? 32 : 128; }
};

std::optional<Ip> parse_ip(std::string_view text) {
    Ip ip;
    const std::string copy(text);
    if (inet_pton(AF_INET, copy.c_str(), ip.bytes.data()) == 1) return ip;
    ip.family = AF_INET6;
    if (inet_pton(AF_INET6, copy.c_str(), ip.bytes.data()) == 1) return ip;
    return std::nullopt;
}

bool is_in(const Ip& ip, const Ip& network, std::size_t prefix) {
    if (ip.family != network.family || prefix > network.bits()) return false;
    for (std::size_t bit = 0; bit < prefix; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
        if ((ip.bytes[bit / 8] & mask) != (network.bytes[bit / 8] & mask)) return false;
    }
    return true;
}

std::vector<std::string> split_words(const std::string& record) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at < record.size()) {
        const auto end = std::min(record.find(' ', at), record.size());
        if (end > at) out.push_back(record.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

bool is_spf(const std::string& text) {
    return equals_ignoring_case(text.substr(0, kVersion.size()), kVersion) &&
           (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

SpfVerdict verdict_of(char sign) {
    switch (sign) {
        case '-':
            return SpfVerdict::fail;
        case '~':
            return SpfVerdict::softfail;
        case '?':
            return SpfVerdict::neutral;
        default:
            return SpfVerdict::pass;
    }
}

// "mx:domain/24//64" in its parts.
struct Term {
    char sign = '+';
    std::string name;
    std::string value;
    std::optional<std::size_t> prefix;  // of IPv4, or the one there is
    std::optional<std::size_t> prefix6;
};

std::optional<std::size_t> number(std::string_view text) {
    std::size_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || out > 128) return std::nullopt;
    return out;
}

Term parse_term(std::string word) {
    Term term;
    if (std::string_view("+-~?").find(word[0]) != std::string_view::npos) {
        term.sign = word[0];
        word.erase(0, 1);
    }
    const auto mark = word.find_first_of(":=/");
    term.name = to_lower(word.substr(0, mark));
    if (mark == std::string::npos) return term;
    auto rest = word.substr(word[mark] == '/' ? mark : mark + 1);
    if (const auto slash = rest.find('/'); slash != std::string::npos) {
        const auto twice = rest.find("//", slash);
        if (twice != slash)
            term.prefix = number(
                std::string_view(rest).substr(slash + 1, twice == std::string::npos ? twice : twice - slash - 1));
        if (twice != std::string::npos) term.prefix6 = number(std::string_view(rest).substr(twice + 2));
        rest.resize(slash);
    }
    term.value = std::move(rest);
    return term;
}

class Evaluation {
  public:
    Evaluation(Resolver& resolver, Ip ip) : resolver_(resolver), ip_(ip) {}

    SpfResult run(const std::string& domain) {
        SpfResult out;
        auto texts = resolver_.ask(domain, DnsType::txt);
        if (!texts && texts.error().kind != Kind::not_found) return {SpfVerdict::unknown, {}, texts.error().text};
        std::size_t records = 0;
        for (const auto& text : texts ? *texts : std::vector<DnsRecord>()) {
            if (!is_spf(text.text)) continue;
            out.record = text.text;
            ++records;
        }
        if (records == 0) return out;
        if (records > 1) return {SpfVerdict::broken, out.record, "there are several SPF records, which counts as none"};
        return evaluate(domain, std::move(out));
    }

  private:
    SpfResult evaluate(const std::string& domain, SpfResult out) {
        std::string redirect;
        for (const auto& word : split_words(out.record.substr(kVersion.size()))) {
            const auto term = parse_term(word);
            if (term.value.find('%') != std::string::npos) return {SpfVerdict::unknown, out.record, "it has a macro"};
            if (term.name == "redirect") {
                redirect = term.value;
                continue;
            }
            if (term.name == "exp") continue;
            const auto hit = matches(term, domain);
            if (failed_) return {*failed_, out.record, why_};
            if (!hit) continue;
            out.verdict = verdict_of(term.sign);
            return out;
        }
        out.verdict = SpfVerdict::neutral;
        if (redirect.empty() || !count_lookup()) return failed_ ? SpfResult{*failed_, out.record, why_} : out;
        const auto other = run(redirect);
        return {other.verdict == SpfVerdict::none ? SpfVerdict::broken : other.verdict, out.record, other.why};
    }

    bool broken(SpfVerdict verdict, std::string why) {
        failed_ = verdict;
        why_ = std::move(why);
        return false;
    }
    bool count_lookup() {
        return ++lookups_ <= kLookupsMax ||
               broken(SpfVerdict::broken, cat("it takes more than ", kLookupsMax, " questions to the DNS"));
    }

    bool matches(const Term& term, const std::string& domain) {
        const auto& target = term.value.empty() ? domain : term.value;
        if (term.name == "all") return true;
        if (term.name == "ip4" || term.name == "ip6") {
            const auto network = parse_ip(term.value);
            if (!network) return broken(SpfVerdict::broken, cat("\"", term.value, "\" is no address"));
            return is_in(ip_, *network, term.prefix.value_or(network->bits()));
        }
        if (term.name == "a") return count_lookup() && has_address(target, term);
        if (term.name == "mx") return count_lookup() && is_mx(target, term);
        if (term.name == "include") return count_lookup() && includes(target);
        if (term.name == "ptr" || term.name == "exists")
            return broken(SpfVerdict::unknown, cat("it uses \"", term.name, "\""));
        return broken(SpfVerdict::broken, cat("\"", term.name, "\" is unknown"));
    }

    bool has_address(const std::string& name, const Term& term) {
        const bool v4 = ip_.family == AF_INET;
        auto found = resolver_.ask(name, v4 ? DnsType::a : DnsType::aaaa);
        if (!found) return found.error().kind != Kind::not_found && broken(SpfVerdict::unknown, found.error().text);
        const auto prefix = (v4 ? term.prefix : term.prefix6).value_or(ip_.bits());
        return std::any_of(found->begin(), found->end(), [&](const DnsRecord& record) {
            const auto network = parse_ip(record.text);
            return network && is_in(ip_, *network, prefix);
        });
    }
    bool is_mx(const std::string& name, const Term& term) {
        auto found = resolver_.ask(name, DnsType::mx);
        if (!found) return found.error().kind != Kind::not_found && broken(SpfVerdict::unknown, found.error().text);
        if (found->size() > kLookupsMax) return broken(SpfVerdict::broken, "a name has too many MX");
        return std::any_of(found->begin(), found->end(),
                           [&](const DnsRecord& record) { return !failed_ && has_address(record.text, term); });
    }
    bool includes(const std::string& name) {
        const auto other = run(name);
        if (other.verdict == SpfVerdict::none) return broken(SpfVerdict::broken, cat(name, " has no SPF record"));
        if (other.verdict == SpfVerdict::broken || other.verdict == SpfVerdict::unknown)
            return broken(other.verdict, other.why);
        return other.verdict == SpfVerdict::pass;
    }

    Resolver& resolver_;
    const Ip ip_;
    unsigned lookups_ = 0;
    std::optional<SpfVerdict> failed_;
    std::string why_;
};

}  // namespace

SpfResult check_spf(Resolver& resolver, const std::string& domain, const std::string& address) {
    const auto ip = parse_ip(address);
    if (!ip) return {SpfVerdict::broken, {}, cat("\"", address, "\" is no address")};
    return Evaluation(resolver, *ip).run(domain);
}

std::string spf_with(const std::string& record, const std::string& address) {
    const auto ip = parse_ip(address);
    const auto term = cat(ip && ip->family == AF_INET6 ? "ip6:" : "ip4:", address);
    if (!is_spf(record)) return cat(kVersion, ' ', term, " mx ~all");
    return cat(kVersion, ' ', term, record.substr(kVersion.size()));
}

}  // namespace tayori::admin
