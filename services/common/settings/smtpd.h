// smtpd: mail from other servers (25) and from our own users (587, 465).
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/settings/value.h"

namespace tayori::settings {

enum class BareNewline { reject, normalize };

struct Smtpd {
    std::vector<Endpoint> listen = {{"*", 25, ""}};
    std::vector<Endpoint> listen_submission = {{"*", 587, ""}};
    std::vector<Endpoint> listen_submissions = {{"*", 465, ""}};
    std::vector<Endpoint> listen_lmtp;
    std::uint32_t workers = 1;
    std::vector<Network> proxy_networks;
    std::vector<Network> trusted_networks;
    BareNewline bare_newline = BareNewline::normalize;
    std::uint64_t message_bytes_max = 50 * kMiB;
    std::uint32_t recipients_max = 1000;
    std::uint32_t mails_max = 1000;
    std::uint32_t hops_max = 100;
    std::uint32_t errors_max = 20;
    std::uint32_t connections_max = 5000;
    std::uint32_t connections_per_address_max = 100;
    std::chrono::seconds command_timeout_s{300};
    std::chrono::seconds data_timeout_s{180};
};

}  // namespace tayori::settings
