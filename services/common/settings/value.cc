#include "common/settings/value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <span>

#include "common/base/text.h"

namespace tayori::settings {
namespace {

struct Suffix {
    std::string_view name;
    std::uint64_t factor;
};

// Each table goes from the smallest to the largest; the first entry is the key's own unit.
constexpr Suffix kBytes[] = {{"B", 1}, {"KiB", kKiB}, {"MiB", kMiB}, {"GiB", kGiB}, {"TiB", kTiB}};
constexpr Suffix kMilliseconds[] = {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}};
constexpr Suffix kSeconds[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86'400}};
constexpr Suffix kHours[] = {{"h", 1}, {"d", 24}};
constexpr Suffix kDays[] = {{"d", 1}};
constexpr Suffix kPercent[] = {{"%", 1}};

std::span<const Suffix> suffixes(Unit unit) {
    switch (unit) {
        case Unit::none: return {};
        case Unit::bytes: return kBytes;
        case Unit::milliseconds: return kMilliseconds;
        case Unit::seconds: return kSeconds;
        case Unit::hours: return kHours;
        case Unit::days: return kDays;
        case Unit::percent: return kPercent;
    }
    return {};
}

std::string join_names(std::span<const Suffix> known) {
    std::string out;
    for (const auto& suffix : known) append(out, out.empty() ? "" : ", ", suffix.name);
    return out;
}

bool to_port(std::string_view text, std::uint16_t& port) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && !text.empty();
}

// Either family, as 16 bytes.
bool to_address(const std::string& text, unsigned char (&out)[16], bool& is_v4) {
    in_addr v4{};
    is_v4 = inet_pton(AF_INET, text.c_str(), &v4) == 1;
    if (is_v4) {
        std::memset(out, 0, 10);
        out[10] = out[11] = 0xff;
        std::memcpy(out + 12, &v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, text.c_str(), out) == 1;
}

}  // namespace

std::string Endpoint::to_string() const {
    if (is_unix()) return cat("unix:", path);
    if (host.find(':') != std::string::npos) return cat("[", host, "]:", port);
    return cat(host, ":", port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    Endpoint endpoint;
    if (text.starts_with("unix:") && text.size() > 5) {
        endpoint.path = text.substr(5);
        return endpoint;
    }
    const auto colon = text.rfind(':');
    const auto wrong = [&] {
        return fail(Kind::invalid, cat("\"", text, "\" is no address: write HOST:PORT, [IPV6]:PORT or unix:PATH"));
    };
    if (colon == std::string_view::npos || colon == 0) return wrong();
    auto host = text.substr(0, colon);
    if (host.front() == '[') {
        if (host.back() != ']' || host.size() < 3) return wrong();
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return wrong();
    }
    if (!to_port(text.substr(colon + 1), endpoint.port)) return wrong();
    endpoint.host = host;
    return endpoint;
}

Result<HttpUrl> parse_http_url(std::string_view text) {
    if (text.empty()) return HttpUrl();
    const auto wrong = [&] {
        return fail(Kind::invalid, cat("\"", text, "\" is no URL: write https://HOST, with :PORT and /PATH where needed"));
    };
    const auto lower = to_lower(text);
    const std::size_t scheme = lower.starts_with("https://") ? 8 : lower.starts_with("http://") ? 7 : 0;
    if (scheme == 0) return wrong();
    const auto end = std::min(text.find('/', scheme), text.size());
    auto host = std::string_view(lower).substr(scheme, end - scheme);
    auto path = text.substr(end);
    while (path.ends_with('/')) path.remove_suffix(1);
    for (const char c : text) {
        if (c <= ' ' || c > '~' || c == '?' || c == '#' || c == '@' || c == '%' || c == '"' || c == '\\') return wrong();
    }
    HttpUrl url{lower.substr(0, end), std::string(path)};
    if (host.starts_with('[')) {
        const auto bracket = host.find(']');
        if (bracket == std::string_view::npos || bracket < 3) return wrong();
        host.remove_prefix(bracket);
        if (host.size() > 1 && host[1] != ':') return wrong();
    }
    const auto colon = host.find(':');
    std::uint16_t port = 0;
    if (colon != std::string_view::npos && (!to_port(host.substr(colon + 1), port) || port == 0)) return wrong();
    if (host.empty() || colon == 0) return wrong();
    // What everybody leaves out, as the header Host does too.
    if ((scheme == 8 && port == 443) || (scheme == 7 && port == 80)) url.origin.resize(url.origin.rfind(':'));
    return url;
}

Result<Network> parse_network(std::string_view text) {
    Network network;
    network.text = text;
    const auto slash = text.find('/');
    bool is_v4 = false;
    bool ok = to_address(std::string(text.substr(0, slash)), network.address, is_v4);
    const unsigned bits_max = is_v4 ? 32 : 128;
    unsigned bits = bits_max;
    if (ok && slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        ok = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size() && bits <= bits_max;
    }
    if (!ok) return fail(Kind::invalid, cat("\"", text, "\" is no network: write 192.0.2.0/24 or 2001:db8::/32"));
    network.prefix_bits = bits + (128 - bits_max);
    return network;
}

bool Network::contains(std::string_view ip) const {
    unsigned char other[16];
    bool is_v4 = false;
    if (!to_address(std::string(ip), other, is_v4)) return false;
    const unsigned whole = prefix_bits / 8;
    if (std::memcmp(address, other, whole) != 0) return false;
    const unsigned rest = prefix_bits % 8;
    if (rest == 0) return true;
    const unsigned mask = 0xff00U >> rest & 0xffU;
    return (address[whole] & mask) == (other[whole] & mask);
}

bool contains(const std::vector<Network>& networks, std::string_view ip) {
    return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(ip); });
}

Unit unit_of(std::string_view key) {
    if (key.find("bytes") != std::string_view::npos || key.ends_with("free_min")) return Unit::bytes;
    if (key.ends_with("_ms")) return Unit::milliseconds;
    if (key.ends_with("_s")) return Unit::seconds;
    if (key.ends_with("_hours")) return Unit::hours;
    if (key.ends_with("_days")) return Unit::days;
    if (key.ends_with("_percent")) return Unit::percent;
    return Unit::none;
}

Result<std::uint64_t> parse_amount(std::string_view text, Unit unit) {
    const auto known = suffixes(unit);
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto name = trim(text.substr(static_cast<std::size_t>(parsed.ptr - text.data())));
    if (parsed.ec != std::errc{}) return fail(Kind::invalid, cat("\"", text, "\" is no number"));
    if (name.empty()) return number;
    const auto suffix = std::ranges::find(known, name, &Suffix::name);
    if (suffix == known.end()) {
        if (known.empty()) return fail(Kind::invalid, cat("\"", text, "\" is no whole number"));
        return fail(Kind::invalid, cat("\"", text, "\" has an unknown unit: write a number and ", join_names(known)));
    }
    if (number > std::numeric_limits<std::uint64_t>::max() / suffix->factor) {
        return fail(Kind::invalid, cat("\"", text, "\" is too large"));
    }
    return number * suffix->factor;
}

std::string show_amount(std::uint64_t amount, Unit unit) {
    const auto known = suffixes(unit);
    if (known.empty()) return cat(amount);
    const Suffix* best = &known.front();
    for (const auto& suffix : known) {
        if (amount != 0 && amount % suffix.factor == 0) best = &suffix;
    }
    return cat(amount / best->factor, best->name);
}

}  // namespace tayori::settings
