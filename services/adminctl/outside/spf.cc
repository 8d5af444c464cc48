#include "adminctl/outside/spf.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "adminctl/outside/address.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kSpfStart = "v=spf1";
constexpr std::size_t kNamesMax = 10;  // of an MX, of a PTR (RFC 7208 §4.6.4)

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

enum class Walk { to_first_match, all_terms };

class Evaluation {
  public:
    Evaluation(Resolver& resolver, SpfSender sender, Walk walk)
        : resolver_(resolver), sender_(std::move(sender)), walk_(walk) {}

    SpfResult run(const std::string& domain) {
        auto out = look_up(domain);
        if (out.verdict == SpfVerdict::neutral) out = evaluate(domain, std::move(out));
        out.lookups = lookups_;
        return out;
    }

  private:
    // The record; neutral when there is one.
    SpfResult look_up(const std::string& domain) {
        SpfResult out;
        auto texts = resolver_.ask(domain, DnsType::txt);
        if (!texts && texts.error().kind != Kind::not_found)
            return {SpfVerdict::unknown, {}, texts.error().text, SpfFault::none, domain};
        std::size_t records = 0;
        for (const auto& text : texts ? *texts : std::vector<DnsRecord>()) {
            if (!is_spf(text.text) && !is_wrongly_split_spf(text.strings)) continue;
            out.record = text.text;
            strings_ = text.strings;
            ++records;
        }
        if (records > 0) out.verdict = SpfVerdict::neutral;
        if (records > 1)
            return {SpfVerdict::broken, out.record, "there are several SPF records, which counts as none",
                    SpfFault::two_records, domain};
        return out;
    }

    SpfResult evaluate(const std::string& domain, SpfResult out) {
        std::string wrong;
        const auto terms = parse_spf(out.record, wrong);
        if (!terms || !is_spf(out.record)) {
            const bool split = is_wrongly_split_spf(strings_);
            return {SpfVerdict::broken, out.record, cat("\"", wrong, "\" is not understood"),
                    split ? SpfFault::split : SpfFault::syntax, wrong};
        }
        const SpfTerm* redirect = nullptr;
        bool all = false;
        for (const auto& term : *terms) {
            if (term.mechanism == SpfMechanism::other_modifier) continue;
            if (term.mechanism == SpfMechanism::redirect) {
                redirect = &term;
                continue;
            }
            const bool hit = matches(term, domain);
            if (failed_) return told(out.record);
            all = all || term.mechanism == SpfMechanism::all;
            if (all && walk_ == Walk::all_terms) break;
            if (!hit) continue;
            out.verdict = verdict_of(term.sign);
            return out;
        }
        // "all" makes a redirect void (RFC 7208 §6.1).
        if (redirect == nullptr || all) return out;
        if (!count_lookup(redirect->text)) return told(out.record);
        const auto target = expand(redirect->domain, domain);
        auto other = run(target);
        if (other.verdict == SpfVerdict::none) {
            broken(SpfVerdict::broken, SpfFault::no_include, target, cat(target, " has no SPF record"));
            return told(out.record);
        }
        other.record = out.record;
        blame(other, target);
        return other;
    }

    // What is wrong with another's record can't be cured in ours.
    static void blame(SpfResult& other, const std::string& name) {
        if (other.fault != SpfFault::syntax && other.fault != SpfFault::split && other.fault != SpfFault::two_records) return;
        other.fault = SpfFault::broken_include;
        other.where = name;
    }

    SpfResult told(const std::string& record) const { return {*failed_, record, why_, fault_, where_, lookups_}; }
    bool broken(SpfVerdict verdict, SpfFault fault, std::string where, std::string why) {
        failed_ = verdict;
        fault_ = fault;
        where_ = std::move(where);
        why_ = std::move(why);
        return false;
    }
    bool count_lookup(const std::string& term) {
        return ++lookups_ <= kSpfLookupsMax ||
               broken(SpfVerdict::broken, SpfFault::too_many_lookups, term,
                      cat("it takes more than ", kSpfLookupsMax, " questions to the DNS"));
    }
    std::string expand(const std::string& text, const std::string& domain) const {
        return text.empty() ? domain : expand_spf_macros(text, sender_, domain);
    }

    bool matches(const SpfTerm& term, const std::string& domain) {
        const auto target = expand(term.domain, domain);
        const auto hit = [&](bool value) { return value && walk_ == Walk::to_first_match; };
        switch (term.mechanism) {
            case SpfMechanism::all:
                return true;
            case SpfMechanism::ip4:
                return hit(is_in(sender_.address, term.network, term.prefix4));
            case SpfMechanism::ip6:
                return hit(is_in(sender_.address, term.network, term.prefix6));
            case SpfMechanism::a:
                return count_lookup(term.text) && hit(has_address(target, term, Count::counted));
            case SpfMechanism::mx:
                return count_lookup(term.text) && hit(is_mx(target, term));
            case SpfMechanism::include:
                return count_lookup(term.text) && hit(includes(target));
            case SpfMechanism::exists: {
                if (!count_lookup(term.text)) return false;
                // Without a sender a macro has no value, and the name that it makes need not be there.
                const bool made_up = walk_ == Walk::all_terms && term.domain.find('%') != std::string::npos;
                const auto found = names(target, DnsType::a, made_up ? Count::free : Count::counted);
                return found && hit(!found->empty());
            }
            case SpfMechanism::ptr:
                return count_lookup(term.text) && hit(has_name(target));
            case SpfMechanism::redirect:
            case SpfMechanism::other_modifier:
                break;
        }
        return false;
    }

    enum class Count { counted, free };
    // Nothing: the evaluation is over. Answers without anything are counted, as they are a way to make others ask in vain.
    std::optional<std::vector<DnsRecord>> names(const std::string& name, DnsType type, Count count) {
        // What an MX names by mistake: nothing, or an address.
        if (name.empty() || parse_ip(name)) return std::vector<DnsRecord>();
        auto found = resolver_.ask(name, type);
        // A name that can't be asked for, as a macro may give, matches nothing (RFC 7208 §4.3).
        const bool nothing = !found && (found.error().kind == Kind::not_found || found.error().kind == Kind::invalid);
        if (!found && !nothing) {
            broken(SpfVerdict::unknown, SpfFault::none, name, found.error().text);
            return std::nullopt;
        }
        if (count == Count::counted && (nothing || found->empty()) && ++voids_ > kSpfVoidMax) {
            broken(SpfVerdict::broken, SpfFault::too_many_void, name,
                   cat("more than ", kSpfVoidMax, " of its questions have no answer"));
            return std::nullopt;
        }
        return nothing ? std::vector<DnsRecord>() : std::move(*found);
    }

    bool has_address(const std::string& name, const SpfTerm& term, Count count) {
        const bool v6 = sender_.address.v6;
        const auto found = names(name, v6 ? DnsType::aaaa : DnsType::a, count);
        if (!found) return false;
        return std::any_of(found->begin(), found->end(), [&](const DnsRecord& record) {
            const auto network = parse_ip(record.text);
            return network && is_in(sender_.address, *network, v6 ? term.prefix6 : term.prefix4);
        });
    }
    bool is_mx(const std::string& name, const SpfTerm& term) {
        const auto found = names(name, DnsType::mx, Count::counted);
        if (!found) return false;
        if (found->size() > kNamesMax)
            return broken(SpfVerdict::broken, SpfFault::too_many_lookups, term.text, "a name has too many MX");
        return std::any_of(found->begin(), found->end(), [&](const DnsRecord& record) {
            return !failed_ && has_address(record.text, term, Count::free);
        });
    }
    // RFC 7208 §5.5: a name of the address, confirmed, at or below the target.
    bool has_name(const std::string& target) {
        if (walk_ == Walk::all_terms) return false;
        std::string reversed = expand_spf_macros("%{ir}.%{v}.arpa", sender_, target);
        const auto found = resolver_.ask(reversed, DnsType::ptr);
        if (!found) return false;
        for (std::size_t i = 0; i < std::min(found->size(), kNamesMax); ++i) {
            const auto& name = (*found)[i].text;
            if (name != target && !name.ends_with(cat('.', target))) continue;
            if (has_address(name, SpfTerm(), Count::free)) return true;
        }
        return false;
    }
    bool includes(const std::string& name) {
        auto other = run(name);
        blame(other, name);
        if (other.verdict == SpfVerdict::none)
            return broken(SpfVerdict::broken, SpfFault::no_include, name, cat(name, " has no SPF record"));
        if (other.verdict == SpfVerdict::broken || other.verdict == SpfVerdict::unknown)
            return broken(other.verdict, other.fault, other.where.empty() ? name : other.where, other.why);
        return other.verdict == SpfVerdict::pass;
    }

    Resolver& resolver_;
    const SpfSender sender_;
    const Walk walk_;
    unsigned lookups_ = 0;
    unsigned voids_ = 0;
    std::vector<std::string> strings_;
    std::optional<SpfVerdict> failed_;
    SpfFault fault_ = SpfFault::none;
    std::string where_;
    std::string why_;
};

}  // namespace

SpfResult check_spf(Resolver& resolver, const std::string& domain, const std::string& address) {
    const auto ip = parse_ip(address);
    if (!ip) return {SpfVerdict::broken, {}, cat("\"", address, "\" is no address"), SpfFault::syntax, address};
    return Evaluation(resolver, {domain, domain, *ip}, Walk::to_first_match).run(domain);
}

SpfResult walk_spf(Resolver& resolver, const std::string& domain) {
    auto out = Evaluation(resolver, {domain, domain, {}}, Walk::all_terms).run(domain);
    const bool good = out.verdict != SpfVerdict::broken && out.verdict != SpfVerdict::unknown && out.verdict != SpfVerdict::none;
    if (good) out.verdict = SpfVerdict::neutral;
    return out;
}

std::string spf_with(const std::string& record, const std::string& address) {
    const auto ip = parse_ip(address);
    const auto term = cat(ip && ip->v6 ? "ip6:" : "ip4:", address);
    if (!is_spf(record)) return cat(kSpfStart, ' ', term, " mx ~all");
    return cat(kSpfStart, ' ', term, right_spf_terms(record));
}

}  // namespace tayori::admin
