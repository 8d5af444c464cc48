#include "smtpd/outbound/hosts.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/net/interfaces.h"

namespace tayori::smtp {
namespace {

using Found = net::DnsAnswer::Found;

// Also those that are not tried: a host that has only them is not the same as one that has none.
constexpr net::DnsType kAddressTypes[] = {net::DnsType::aaaa, net::DnsType::a};

FoundHosts no_hosts(bool permanent, std::string_view status, std::string text) {
    FoundHosts out;
    out.trouble = Trouble{permanent, said_ours(status, text, Step::connect)};
    return out;
}

FoundHosts dns_is_silent(const std::string& name, const Error& error) {
    return no_hosts(false, "4.4.3", cat("The DNS could not be asked for ", name, ": ", error.detail.empty() ? error.text : error.detail));
}

}  // namespace

bool Hosts::usable(const net::IpAddress& address, bool by_mx) const {
    return !by_mx || options_.anywhere || is_public_target(address);
}

Async<FoundHosts> Hosts::find(v1::Route route) {
    if (route.kind() == v1::Route::KIND_MX) {
        auto found = co_await find_mx(route.domain());
        co_return found;
    }
    std::uint16_t port = options_.mx_port;
    if (route.tls() == v1::Route::TLS_IMPLICIT) port = kSubmissionsPort;
    if (route.kind() == v1::Route::KIND_LMTP) port = kLmtpPort;
    if (route.port() != 0) port = static_cast<std::uint16_t>(route.port());
    if (route.host().starts_with("unix:")) {
        FoundHosts one;
        auto endpoint = net::Endpoint::parse(route.host());
        if (!endpoint) co_return no_hosts(false, "4.4.4", cat(route.host(), " is no address."));
        one.targets.push_back({"localhost", std::move(*endpoint)});
        co_return one;
    }
    auto found = co_await find_relay(std::move(route), port);
    co_return found;
}

Async<FoundHosts> Hosts::find_relay(v1::Route route, std::uint16_t port) {
    MailHost host;
    host.name = route.host();
    auto literal = parse_literal(route.host());
    if (!literal) literal = net::IpAddress::parse(route.host());
    if (literal) {
        host.name = literal->to_string();
        host.addresses.push_back(*literal);
    } else {
        auto name = mail::ascii_domain(route.host());
        if (!name) co_return no_hosts(false, "4.4.4", cat("\"", route.host(), "\" is no name of a host."));
        host.name = std::move(*name);
        co_await find_addresses(host);
    }
    std::vector<MailHost> hosts;
    hosts.push_back(std::move(host));
    auto found = targets_of(std::move(hosts), port, route.host(), false);
    // A smart host without an address is a mistake in our settings or in the DNS, never the recipients'.
    if (found.trouble) {
        found.trouble->permanent = false;
        if (found.trouble->said.status().starts_with('5')) found.trouble->said.set_status("4.4.4");
    }
    co_return found;
}

Async<FoundHosts> Hosts::find_mx(std::string domain) {
    std::vector<MailHost> hosts;
    if (domain.starts_with('[')) {
        const auto literal = parse_literal(domain);
        if (!literal) co_return no_hosts(true, "5.1.2", cat(domain, " is no address of a host."));
        hosts.push_back({literal->to_string(), 0, {*literal}, false});
        auto only = targets_of(std::move(hosts), options_.mx_port, domain, true);
        co_return only;
    }
    auto ascii = mail::ascii_domain(domain);
    if (!ascii) co_return no_hosts(true, "5.1.2", cat(domain, " is no name of a domain."));
    const auto name = std::move(*ascii);
    auto answer = co_await dns_.ask(name, net::DnsType::mx).result();
    if (!answer) co_return dns_is_silent(name, answer.error());
    if (answer->found == Found::no_such_name)
        co_return no_hosts(true, "5.1.2", cat("There is no domain ", name, "."));
    for (const auto& record : answer->records) hosts.push_back({record.text, record.preference, {}, false});
    if (is_null_mx(hosts)) co_return no_hosts(true, "5.1.10", cat(name, " takes no mail (null MX)."));
    // Beside others a "." names nobody.
    std::erase_if(hosts, [](const MailHost& host) { return host.name.empty(); });
    // No MX: the domain itself, with preference 0 (RFC 5321 §5.1).
    if (answer->found == Found::no_such_record) hosts.push_back({name, 0, {}, false});
    order_hosts(hosts, options_.random);
    if (hosts.size() > kMxHostsMax) hosts.resize(kMxHostsMax);
    for (const auto& host : hosts) {
        for (const auto type : kAddressTypes) dns_.prefetch(host.name, type);
    }
    for (auto& host : hosts) co_await find_addresses(host);
    // Tests have all servers at one address.
    const auto own = options_.anywhere ? std::vector<net::IpAddress>() : net::local_addresses();
    if (drop_ourselves(hosts, options_.hostname, own))
        co_return no_hosts(true, "5.4.6", cat("Mail for ", name, " loops back to us: its MX is ", options_.hostname, "."));
    auto found = targets_of(std::move(hosts), options_.mx_port, name, true);
    co_return found;
}

Async<void> Hosts::find_addresses(MailHost& host) {
    // RFC 6761 §6.3: never asked of the DNS.
    if (equals_ignoring_case(host.name, "localhost")) {
        host.addresses = {net::IpAddress::v4(127, 0, 0, 1), *net::IpAddress::parse("::1")};
        co_return;
    }
    for (const auto type : kAddressTypes) dns_.prefetch(host.name, type);
    for (const auto type : kAddressTypes) {
        auto answer = co_await dns_.ask(host.name, type).result();
        if (!answer) host.temporary = true;
        else
            for (const auto& record : answer->records) host.addresses.push_back(record.address);
    }
}

FoundHosts Hosts::targets_of(std::vector<MailHost> hosts, std::uint16_t port, const std::string& what, bool by_mx) const {
    FoundHosts out;
    bool temporary = false;
    bool unusable = false;
    bool other_family = false;
    // So that the second host has its turn, too.
    const auto each = hosts.size() > 1 ? std::max<std::size_t>(1, options_.addresses_max / 2) : options_.addresses_max;
    for (auto& host : hosts) {
        temporary |= host.temporary;
        std::size_t of_host = 0;
        for (const auto& address : order_addresses(host.addresses, options_.random)) {
            if (address.is_v4() ? !options_.ipv4 : !options_.ipv6) {
                other_family = true;
                continue;
            }
            if (!usable(address, by_mx)) {
                unusable = true;
                continue;
            }
            if (of_host++ >= each || out.targets.size() >= options_.addresses_max) continue;
            out.targets.push_back({host.name, {address, port, {}}});
        }
    }
    if (!out.targets.empty()) return out;
    if (temporary) return no_hosts(false, "4.4.3", cat("The DNS could not be asked for the addresses of ", what, "."));
    if (other_family) return no_hosts(false, "4.4.4", cat(what, " has only addresses that outbound.ip_versions excludes."));
    // What Postfix does: with no host to be found the mail comes back at once (RFC 5321 §5.1 leaves it open).
    if (unusable) return no_hosts(true, "5.4.4", cat(what, " has only addresses where no mail can be sent to."));
    return no_hosts(true, "5.4.4", cat("No host of ", what, " has an address."));
}

}  // namespace tayori::smtp
