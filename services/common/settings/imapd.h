// imapd: ports 143 and 993.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/settings/value.h"

namespace tayori::settings {

struct Imapd {
    std::vector<Endpoint> listen = {{"*", 143, ""}};
    std::vector<Endpoint> listen_tls = {{"*", 993, ""}};
    std::uint32_t workers = 1;
    std::vector<Network> proxy_networks;
    std::uint64_t line_bytes_max = 64 * kKiB;
    std::uint64_t append_bytes_max = 64 * kMiB;
    std::uint32_t errors_max = 20;
    std::uint32_t connections_max = 20'000;
    std::uint32_t connections_per_address_max = 4000;
    std::chrono::seconds login_timeout_s{60};
    std::chrono::seconds idle_timeout_s{1800};
};

}  // namespace tayori::settings
