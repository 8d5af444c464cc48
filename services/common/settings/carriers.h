// How smtpd carries mail that goes out, and whom it asks for names. Of the section `outbound`, which spoold reads too.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/settings/value.h"

namespace tayori::settings {

enum class IpVersions { both, ipv4, ipv6 };

struct Carriers {
    std::uint32_t carriers_max = 100;
    std::string helo;  // empty: site.hostname
    IpVersions ip_versions = IpVersions::both;
    std::string ca_file;
    std::uint32_t addresses_max = 5;
    std::chrono::seconds connect_timeout_s{30};
    std::chrono::seconds greeting_timeout_s{300};
    std::chrono::seconds command_timeout_s{300};
    std::chrono::seconds data_timeout_s{120};
    std::chrono::seconds block_timeout_s{180};
    std::chrono::seconds end_timeout_s{600};
};

struct Dns {
    std::vector<Endpoint> servers;  // empty: the system's
    std::chrono::milliseconds timeout_ms{5000};
    std::uint32_t tries = 2;
};

}  // namespace tayori::settings
