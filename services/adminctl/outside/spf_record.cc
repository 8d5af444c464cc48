#include "adminctl/outside/spf_record.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kSpfVersion = "v=spf1";
constexpr std::string_view kMacroLetters = "slodiphcrtv";
constexpr std::string_view kMacroDelimiters = ".-+,/_=";

struct MechanismName {
    std::string_view name;
    SpfMechanism mechanism;
};
constexpr MechanismName kMechanisms[] = {{"all", SpfMechanism::all}, {"include", SpfMechanism::include},
                                         {"a", SpfMechanism::a},     {"mx", SpfMechanism::mx},
                                         {"ptr", SpfMechanism::ptr}, {"ip4", SpfMechanism::ip4},
                                         {"ip6", SpfMechanism::ip6}, {"exists", SpfMechanism::exists}};

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::vector<std::string> spf_words(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (end > at) out.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

// "%{i}", "%{d2r-}", "%%", "%_", "%-": behind the one at `at`, or nothing.
std::optional<std::size_t> macro_end(std::string_view text, std::size_t at) {
    if (at + 1 >= text.size()) return std::nullopt;
    if (text[at + 1] != '{') {
        if (std::string_view("%_-").find(text[at + 1]) == std::string_view::npos) return std::nullopt;
        return at + 2;
    }
    auto i = at + 2;
    if (i >= text.size() || kMacroLetters.find(ascii_lower(text[i])) == std::string_view::npos) return std::nullopt;
    ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i < text.size() && ascii_lower(text[i]) == 'r') ++i;
    while (i < text.size() && kMacroDelimiters.find(text[i]) != std::string_view::npos) ++i;
    if (i >= text.size() || text[i] != '}') return std::nullopt;
    return i + 1;
}

// domain-spec: visible characters and macros, that end in a macro or a top label with a letter (RFC 7208 §7.1).
bool is_domain_spec(std::string_view text) {
    bool macro_last = false;
    for (std::size_t at = 0; at < text.size();) {
        macro_last = text[at] == '%';
        if (!macro_last) {
            if (text[at] < '!' || text[at] > '~') return false;
            ++at;
            continue;
        }
        const auto end = macro_end(text, at);
        if (!end) return false;
        at = *end;
    }
    if (macro_last) return true;
    if (!text.empty() && text.back() == '.') text.remove_suffix(1);
    const auto dot = text.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return false;
    const auto top = text.substr(dot + 1);
    return !top.empty() && top.front() != '-' && top.back() != '-' && std::any_of(top.begin(), top.end(), is_letter) &&
           std::all_of(top.begin(), top.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

std::optional<std::size_t> prefix_bits(std::string_view text, std::size_t max) {
    std::size_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || out > max) return std::nullopt;
    return out;
}

// "/24", "//64", "/24//64" behind the name of a and mx; taken off `rest`.
bool take_dual_prefix(std::string_view& rest, SpfTerm& term) {
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return true;
    auto bits = rest.substr(slash);
    rest = rest.substr(0, slash);
    const auto six = bits.find("//");
    if (six != std::string_view::npos) {
        const auto prefix = prefix_bits(bits.substr(six + 2), 128);
        if (!prefix) return false;
        term.prefix6 = *prefix;
        bits = bits.substr(0, six);
    }
    if (bits.empty()) return true;
    const auto prefix = prefix_bits(bits.substr(1), 32);
    term.prefix4 = prefix.value_or(0);
    return prefix.has_value();
}

bool read_network(std::string_view value, SpfTerm& term) {
    const bool v6 = term.mechanism == SpfMechanism::ip6;
    const auto slash = value.find('/');
    const auto ip = parse_ip(value.substr(0, slash));
    if (!ip || ip->v6 != v6) return false;
    term.network = *ip;
    if (slash == std::string_view::npos) return true;
    const auto prefix = prefix_bits(value.substr(slash + 1), ip->bits());
    (v6 ? term.prefix6 : term.prefix4) = prefix.value_or(0);
    return prefix.has_value();
}

// `rest` is what stands behind the name: "", ":domain", "/24" …
bool read_mechanism(std::string_view rest, SpfTerm& term) {
    const bool has_value = rest.starts_with(':');
    switch (term.mechanism) {
        case SpfMechanism::all:
            return rest.empty();
        case SpfMechanism::ip4:
        case SpfMechanism::ip6:
            return has_value && read_network(rest.substr(1), term);
        case SpfMechanism::a:
        case SpfMechanism::mx:
            if (!take_dual_prefix(rest, term)) return false;
            break;
        case SpfMechanism::include:
        case SpfMechanism::exists:
            if (!has_value) return false;
            break;
        case SpfMechanism::ptr:
        case SpfMechanism::redirect:
        case SpfMechanism::other_modifier:
            break;
    }
    if (rest.empty()) return true;
    term.domain = std::string(rest.substr(1));
    return rest[0] == ':' && is_domain_spec(term.domain);
}

// "redirect=…", "exp=…", and ones that nobody knows, which are ignored.
bool read_modifier(std::string_view name, std::string_view value, SpfTerm& term) {
    const bool redirect = name == "redirect";
    term.mechanism = redirect ? SpfMechanism::redirect : SpfMechanism::other_modifier;
    term.domain = std::string(value);
    if (redirect || name == "exp") return is_domain_spec(value);
    return std::all_of(name.begin(), name.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
    });
}

std::optional<SpfTerm> parse_spf_term(const std::string& word) {
    SpfTerm term;
    term.text = word;
    std::string_view text = word;
    const bool has_sign = std::string_view("+-~?").find(text[0]) != std::string_view::npos;
    if (has_sign) term.sign = text[0];
    if (has_sign) text.remove_prefix(1);
    const auto mark = std::min(text.find_first_of(":=/"), text.size());
    const auto name = to_lower(text.substr(0, mark));
    if (name.empty() || !is_letter(name[0])) return std::nullopt;
    if (mark < text.size() && text[mark] == '=') {
        if (has_sign || !read_modifier(name, text.substr(mark + 1), term)) return std::nullopt;
        return term;
    }
    for (const auto& one : kMechanisms) {
        if (one.name != name) continue;
        term.mechanism = one.mechanism;
        if (!read_mechanism(text.substr(mark), term)) return std::nullopt;
        return term;
    }
    return std::nullopt;
}

std::string macro_value(char letter, const SpfSender& sender, std::string_view domain) {
    std::string dotted;
    switch (ascii_lower(letter)) {
        case 's':
            return cat("postmaster@", sender.domain);
        case 'l':
            return "postmaster";
        case 'o':
            return sender.domain;
        case 'd':
            return std::string(domain);
        case 'h':
            return sender.helo;
        case 'v':
            return sender.address.v6 ? "ip6" : "in-addr";
        case 'i':
            for (std::size_t i = 0; i < sender.address.bits() / 8; ++i) {
                constexpr std::string_view kDigits = "0123456789abcdef";
                const auto byte = sender.address.bytes[i];
                if (sender.address.v6) append(dotted, dotted.empty() ? "" : ".", kDigits[byte >> 4U], '.', kDigits[byte & 15U]);
                else append(dotted, dotted.empty() ? "" : ".", byte);
            }
            return dotted;
        default:
            return "unknown";  // p: RFC 7208 §7.3 says so where it can't be told; c, r, t stand in explanations only
    }
}

// The macro's value, turned around and shortened as "2r-" wants it.
std::string transformed(const std::string& value, std::string_view how) {
    std::size_t keep = 0;
    while (!how.empty() && is_digit(how[0])) {
        keep = std::min<std::size_t>(keep * 10 + static_cast<std::size_t>(how[0] - '0'), 128);
        how.remove_prefix(1);
    }
    const bool reversed = !how.empty() && ascii_lower(how[0]) == 'r';
    if (reversed) how.remove_prefix(1);
    const std::string_view delimiters = how.empty() ? "." : how;
    std::vector<std::string> parts(1);
    for (const char c : value) {
        if (delimiters.find(c) != std::string_view::npos) parts.emplace_back();
        else parts.back() += c;
    }
    if (reversed) std::reverse(parts.begin(), parts.end());
    if (keep > 0 && keep < parts.size()) parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(keep));
    std::string out;
    for (const auto& part : parts) append(out, &part == &parts.front() ? "" : ".", part);
    return out;
}

}  // namespace

bool is_spf(std::string_view text) {
    return equals_ignoring_case(text.substr(0, kSpfVersion.size()), kSpfVersion) &&
           (text.size() == kSpfVersion.size() || text[kSpfVersion.size()] == ' ');
}

std::optional<std::vector<SpfTerm>> parse_spf(std::string_view text, std::string& wrong) {
    std::vector<SpfTerm> out;
    bool redirect = false;
    bool explained = false;
    for (const auto& word : spf_words(text.substr(std::min(kSpfVersion.size(), text.size())))) {
        auto term = parse_spf_term(word);
        wrong = word;
        if (!term) return std::nullopt;
        const bool is_redirect = term->mechanism == SpfMechanism::redirect;
        const bool explains = term->mechanism == SpfMechanism::other_modifier && to_lower(word).starts_with("exp=");
        if ((is_redirect && redirect) || (explains && explained)) return std::nullopt;
        redirect = redirect || is_redirect;
        explained = explained || explains;
        out.push_back(std::move(*term));
    }
    wrong.clear();
    return out;
}

std::string right_spf_terms(std::string_view text) {
    std::string out;
    for (const auto& word : spf_words(text.substr(std::min(kSpfVersion.size(), text.size()))))
        if (parse_spf_term(word)) append(out, ' ', word);
    return out;
}

bool is_wrongly_split_spf(const std::vector<std::string>& strings) {
    std::string joined;
    std::string spaced;
    for (const auto& one : strings) {
        joined += one;
        append(spaced, spaced.empty() ? "" : " ", one);
    }
    std::string wrong;
    if (strings.size() < 2 || !is_spf(spaced)) return false;
    return (!is_spf(joined) || !parse_spf(joined, wrong)) && parse_spf(spaced, wrong);
}

std::string expand_spf_macros(std::string_view text, const SpfSender& sender, std::string_view domain) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text[at] == '%' ? macro_end(text, at) : std::nullopt;
        if (!end) {
            out += text[at++];
            continue;
        }
        const auto macro = text.substr(at, *end - at);
        if (macro == "%%") out += '%';
        else if (macro == "%_") out += ' ';
        else if (macro == "%-") out += "%20";
        else out += transformed(macro_value(macro[2], sender, domain), macro.substr(3, macro.size() - 4));
        at = *end;
    }
    return to_lower(out.ends_with('.') ? out.substr(0, out.size() - 1) : out);
}

}  // namespace tayori::admin
