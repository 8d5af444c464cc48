// Fetching from accounts at other servers.
#pragma once

#include <chrono>
#include <cstdint>

namespace tayori::settings {

struct Fetch {
    std::uint32_t jobs = 4;
    std::chrono::seconds lease_s{60};
};

}  // namespace tayori::settings
