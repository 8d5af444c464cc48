#include "smtpd/outbound/host_order.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::smtp {
namespace {

template <class T>
void shuffle(std::vector<T>& items, const Random& random) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random(i)]);
}

bool is_ours(const MailHost& host, const std::string& hostname, const std::vector<net::IpAddress>& own) {
    if (equals_ignoring_case(host.name, hostname)) return true;
    return std::any_of(host.addresses.begin(), host.addresses.end(), [&](const net::IpAddress& address) {
        return std::find(own.begin(), own.end(), address) != own.end();
    });
}

}  // namespace

bool is_null_mx(const std::vector<MailHost>& hosts) { return hosts.size() == 1 && hosts[0].name.empty(); }

void order_hosts(std::vector<MailHost>& hosts, const Random& random) {
    shuffle(hosts, random);
    std::stable_sort(hosts.begin(), hosts.end(),
                     [](const MailHost& a, const MailHost& b) { return a.preference < b.preference; });
}

bool drop_ourselves(std::vector<MailHost>& hosts, const std::string& hostname, const std::vector<net::IpAddress>& own) {
    std::uint32_t ours = UINT32_MAX;
    for (const auto& host : hosts) {
        if (is_ours(host, hostname, own)) ours = std::min<std::uint32_t>(ours, host.preference);
    }
    if (ours == UINT32_MAX) return false;
    std::erase_if(hosts, [ours](const MailHost& host) { return host.preference >= ours; });
    return hosts.empty();
}

std::vector<net::IpAddress> order_addresses(const std::vector<net::IpAddress>& addresses, const Random& random) {
    std::vector<net::IpAddress> six;
    std::vector<net::IpAddress> four;
    for (const auto& address : addresses) (address.is_v4() ? four : six).push_back(address);
    shuffle(six, random);
    shuffle(four, random);
    std::vector<net::IpAddress> out;
    for (std::size_t i = 0; i < std::max(six.size(), four.size()); ++i) {
        if (i < six.size()) out.push_back(six[i]);
        if (i < four.size()) out.push_back(four[i]);
    }
    return out;
}

bool is_public_target(const net::IpAddress& address) {
    // Private networks stay allowed: a company's own DNS leads there rightly.
    static const net::Networks kNobody = *net::Networks::parse(
        "0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4, 240.0.0.0/4, ::/128, ::1/128, fe80::/10, ff00::/8");
    return !kNobody.contains(address);
}

Result<net::IpAddress> parse_literal(std::string_view text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']')
        return fail(Kind::invalid, "Not an address literal.");
    text = text.substr(1, text.size() - 2);
    constexpr std::string_view kSix = "IPv6:";
    const bool six = equals_ignoring_case(text.substr(0, kSix.size()), kSix);
    if (six) text.remove_prefix(kSix.size());
    auto address = net::IpAddress::parse(text);
    // The tag tells the family (RFC 5321 §4.1.3).
    if (address && six != (text.find(':') != std::string_view::npos)) return fail(Kind::invalid, "Not an address literal.");
    return address;
}

}  // namespace tayori::smtp
