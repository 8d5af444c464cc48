// pop3d: ports 110 and 995.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/settings/value.h"

namespace tayori::settings {

struct Pop3d {
    std::vector<Endpoint> listen = {{"*", 110, ""}};
    std::vector<Endpoint> listen_tls = {{"*", 995, ""}};
    std::uint32_t workers = 1;
    std::vector<Network> proxy_networks;
    std::uint32_t errors_max = 10;
    std::uint32_t connections_max = 5000;
    std::uint32_t connections_per_address_max = 100;
    std::chrono::seconds login_timeout_s{60};
    std::chrono::seconds idle_timeout_s{600};
};

}  // namespace tayori::settings
