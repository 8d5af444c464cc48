#include "smtpd/outbound/setup.h"

#include <random>
#include <utility>

namespace tayori::smtp {
namespace {

// Spreads load; nobody gains by guessing it.
std::size_t random_below(std::size_t below) {
    static std::mt19937 engine{std::random_device{}()};
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(engine);
}

HostOptions host_options(const settings::Settings& settings) {
    HostOptions options;
    options.hostname = settings.site.hostname;
    options.mx_port = static_cast<std::uint16_t>(settings.test.mx_port);
    options.anywhere = settings.test.mx_anywhere;
    options.ipv4 = settings.carriers.ip_versions != settings::IpVersions::ipv6;
    options.ipv6 = settings.carriers.ip_versions != settings::IpVersions::ipv4;
    options.addresses_max = settings.carriers.addresses_max;
    options.random = random_below;
    return options;
}

ClientOptions client_options(const settings::Settings& settings) {
    const auto& carriers = settings.carriers;
    ClientOptions options;
    options.helo = carriers.helo.empty() ? settings.site.hostname : carriers.helo;
    options.connect_timeout = carriers.connect_timeout_s;
    options.greeting_timeout = carriers.greeting_timeout_s;
    options.command_timeout = carriers.command_timeout_s;
    options.data_timeout = carriers.data_timeout_s;
    options.block_timeout = carriers.block_timeout_s;
    options.end_timeout = carriers.end_timeout_s;
    return options;
}

net::DnsOptions dns_options(const settings::Dns& dns) {
    net::DnsOptions options;
    for (const auto& server : dns.servers) options.servers.push_back(server.to_string());
    options.timeout = dns.timeout_ms;
    options.tries = static_cast<int>(dns.tries);
    return options;
}

}  // namespace

Result<std::unique_ptr<OutboundSetup>> OutboundSetup::make(Parts& parts, const settings::Settings& settings,
                                                           Metrics& metrics) {
    auto made = std::make_unique<OutboundSetup>();
    auto any = net::TlsClientContext::make(net::Verify::none);
    auto verified = net::TlsClientContext::make(net::Verify::chain_and_name, settings.path(settings.carriers.ca_file));
    auto dns = net::Dns::make(parts.loop, dns_options(settings.dns));
    if (!any) return fail(std::move(any.error()));
    if (!verified) return fail(std::move(verified.error()));
    if (!dns) return fail(std::move(dns.error()));
    made->tls_any_ = std::move(*any);
    made->tls_verified_ = std::move(*verified);
    made->dns_ = std::move(*dns);

    Carriers::Options options;
    options.lanes_max = settings.carriers.carriers_max;
    options.max_age_s = static_cast<std::uint32_t>(settings.outbound.max_age_s.count());
    options.client = client_options(settings);
    options.client.tls_any = made->tls_any_.get();
    options.client.tls_verified = made->tls_verified_.get();
    options.hosts = host_options(settings);
    options.dkim_expire_days = settings.signing.dkim_expire_days;
    const OutboundCounters counters{
        metrics.counter("outbound_delivered_total", "Recipients whose mail another server, or a mailbox of ours, has taken."),
        metrics.counter("outbound_deferred_total", "Tries for a recipient that come again later."),
        metrics.counter("outbound_failed_total", "Recipients to whom nothing can be delivered."),
        metrics.gauge("outbound_lanes", "Leases that are being carried.")};
    made->carriers_ = std::make_unique<Carriers>(parts, *made->dns_, std::move(options), counters);
    return made;
}

}  // namespace tayori::smtp
