// SMTP's addresses: strict where the RFC is, but for what Japanese mobile carriers handed out for
// years.
#include "common/mail/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

bool is_8bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}
bool is_atext(char c) {  // RFC 5322 §3.2.3, RFC 6531 §3.3
    return is_alnum(c) || is_8bit(c) ||
           (c != '\0' && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos);
}
// Dots may stand anywhere: RFC 5321 §4.1.2 wants atoms between them, but "a..b.@" are addresses
// that live.
bool is_dot_string(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_atext(c) || c == '.'; });
}

// A letter or digit at both ends of a label (RFC 5321 §4.1.2), but "_" is met within names of real
// hosts.
bool is_label(std::string_view label) {
    const auto is_inner = [](char c) { return is_alnum(c) || is_8bit(c) || c == '-' || c == '_'; };
    return !label.empty() && label.size() <= kDomainBytesMax && label.front() != '-' &&
           label.back() != '-' && std::all_of(label.begin(), label.end(), is_inner);
}

// Other sites' addresses lie within these (srs.h), so they are longer than an ordinary one.
bool is_srs(std::string_view local) {
    return local.size() > 4 && (equals_ignoring_case(local.substr(0, 4), "SRS0") ||
                                equals_ignoring_case(local.substr(0, 4), "SRS1"));
}

bool is_domain(std::string_view domain) {
    for (std::size_t from = 0;;) {
        const auto dot = std::min(domain.find('.', from), domain.size());
        const auto label = domain.substr(from, dot - from);
        if (!is_label(label) || (is_ascii(label) && label.size() > kLabelBytesMax)) return false;
        if (dot == domain.size()) return true;
        from = dot + 1;
    }
}

// RFC 5321 §4.1.3. Other tags than IPv6 exist in the grammar only.
bool is_address_literal(std::string_view text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
    const std::string inner(text.substr(1, text.size() - 2));
    if (inner.find('\0') != std::string::npos) return false;  // inet_pton would stop there
    unsigned char out[16];
    if (inner.size() > 5 && equals_ignoring_case(std::string_view(inner).substr(0, 5), "IPv6:"))
        return inet_pton(AF_INET6, inner.c_str() + 5, out) == 1;
    return inet_pton(AF_INET, inner.c_str(), out) == 1;
}

class PathParser {
  public:
    PathParser(std::string_view& rest, Utf8 utf8) : rest_(rest), utf8_(utf8) {}

    Result<Address> path() {
        if (!take('<')) return fail(Kind::invalid, "Expected \"<\".");
        if (take('>')) return Address{};
        if (!rest_.empty() && rest_.front() == '@' && !source_route())
            return fail(Kind::invalid, "Bad source route.");
        auto address = mailbox();
        if (!address) return address;
        if (!take('>')) return fail(Kind::invalid, "Expected \">\".");
        return address;
    }

    Result<Address> mailbox() {
        Address address;
        const bool good = take('"') ? quoted(address.local) : dot_string(address.local);
        if (!good) return fail(Kind::invalid, "Bad local part.");
        const auto local_bytes_max =
            is_srs(address.local) ? kSrsLocalPartBytesMax : kLocalPartBytesMax;
        if (address.local.size() > local_bytes_max)
            return fail(Kind::invalid, "Local part too long.");
        if (take('@')) {
            const auto n = std::min(rest_.find_first_of("> \t"), rest_.size());
            const auto domain = rest_.substr(0, n);
            if (domain.size() > kDomainBytesMax) return fail(Kind::invalid, "Domain too long.");
            if (!is_domain(domain) && !is_address_literal(domain))
                return fail(Kind::invalid, "Bad domain.");
            address.domain = domain;
            rest_.remove_prefix(n);
        }
        for (const auto* part : {&address.local, &address.domain}) {
            if (is_ascii(*part)) continue;
            if (utf8_ == Utf8::refused) return fail(Kind::unsupported, "Address needs SMTPUTF8.");
            if (!is_valid_utf8(*part)) return fail(Kind::invalid, "Address is not UTF-8.");
        }
        return address;
    }

  private:
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool dot_string(std::string& local) {
        std::size_t n = 0;
        while (n < rest_.size() && (is_atext(rest_[n]) || rest_[n] == '.')) ++n;
        local = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return n > 0;
    }
    bool quoted(std::string& local) {
        const auto is_printable = [](char c) { return is_8bit(c) || (c >= 32 && c < 127); };
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') rest_.remove_prefix(1);
            if (rest_.empty() || !is_printable(rest_.front())) return false;
            local += rest_.front();
            rest_.remove_prefix(1);
        }
        return take('"') && !local.empty();
    }
    // "@a,@b:" — MUST be accepted and SHOULD be ignored (RFC 5321 §4.1.2).
    bool source_route() {
        const auto colon = rest_.find(':');
        if (colon == std::string_view::npos) return false;
        auto route = rest_.substr(0, colon);
        rest_.remove_prefix(colon + 1);
        while (!route.empty()) {
            const auto hop = route.substr(0, route.find(','));
            if (hop.size() < 2 || hop.front() != '@' || !is_domain(hop.substr(1))) return false;
            route.remove_prefix(hop.size());
            if (!route.empty()) {
                route.remove_prefix(1);
                if (route.empty()) return false;
            }
        }
        return true;
    }

    std::string_view& rest_;
    Utf8 utf8_;
};

}  // namespace

Result<Address> parse_reverse_path(std::string_view& rest, Utf8 utf8) {
    auto address = PathParser(rest, utf8).path();
    if (address && !address->is_null() && address->domain.empty())
        return fail(Kind::invalid, "Domain missing.");
    return address;
}

Result<Address> parse_forward_path(std::string_view& rest, Utf8 utf8) {
    auto address = PathParser(rest, utf8).path();
    if (!address) return address;
    if (address->is_null()) return fail(Kind::invalid, "A recipient can't be empty.");
    if (address->domain.empty() && !equals_ignoring_case(address->local, "postmaster"))
        return fail(Kind::invalid, "Domain missing.");
    return address;
}

Result<Address> parse_address(std::string_view text, Utf8 utf8) {
    auto rest = text;
    auto address = PathParser(rest, utf8).mailbox();
    if (!address) return address;
    if (!rest.empty() || address->domain.empty())
        return fail(Kind::invalid, "Not an address: expected local@domain.");
    return address;
}

Result<std::string> normalize_local(std::string_view local) {
    auto normal = to_nfc_folded(local);
    if (!normal) return fail(Kind::invalid, "Address is not UTF-8.");
    return std::move(*normal);
}

Result<LookupKey> lookup_key(const Address& address) {
    auto local = normalize_local(address.local);
    if (!local) return fail(std::move(local.error()));
    auto domain = normalize_domain(address.domain);
    if (!domain) return fail(std::move(domain.error()));
    LookupKey key;
    const auto plus = local->find('+');
    key.base = plus == 0 ? *local : local->substr(0, plus);
    if (plus != std::string::npos && plus > 0) key.tag = local->substr(plus + 1);
    key.local = std::move(*local);
    key.domain = std::move(*domain);
    return key;
}

std::string to_text(const Address& address) {
    std::string out;
    if (is_dot_string(address.local) || address.is_null()) {
        out = address.local;
    } else {
        out = '"';
        for (char c : address.local) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    if (!address.domain.empty()) append(out, '@', address.domain);
    return out;
}

}  // namespace tayori::mail
