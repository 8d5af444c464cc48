// Where a route leads: the addresses to be tried, in order (RFC 5321 §5.1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/net/dns.h"
#include "smtpd/outbound/host_order.h"
#include "smtpd/outbound/verdict.h"

namespace tayori::smtp {

inline constexpr std::size_t kMxHostsMax = 20;  // of one domain; looked at in their order
inline constexpr std::uint16_t kSubmissionsPort = 465;
inline constexpr std::uint16_t kLmtpPort = 24;

struct HostOptions {
    std::string hostname;  // ours
    std::uint16_t mx_port = 25;
    bool anywhere = false;  // an MX may be at a loopback address (tests)
    bool ipv4 = true;
    bool ipv6 = true;
    std::size_t addresses_max = 5;
    Random random;
};

struct Target {
    std::string name;  // for the certificate and for people
    net::Endpoint endpoint;
};

// Targets, or why there are none.
struct FoundHosts {
    std::vector<Target> targets;
    std::optional<Trouble> trouble;
};

class Hosts {
  public:
    Hosts(net::Dns& dns, HostOptions options) : dns_(dns), options_(std::move(options)) {}
    Async<FoundHosts> find(v1::Route route);

  private:
    Async<FoundHosts> find_mx(std::string domain);
    Async<FoundHosts> find_relay(v1::Route route, std::uint16_t port);
    Async<void> find_addresses(MailHost& host);
    FoundHosts targets_of(std::vector<MailHost> hosts, std::uint16_t port, const std::string& what, bool by_mx) const;
    bool usable(const net::IpAddress& address, bool by_mx) const;

    net::Dns& dns_;
    HostOptions options_;
};

}  // namespace tayori::smtp
