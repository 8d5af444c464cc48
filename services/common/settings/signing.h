// Mail that goes out under our name: DKIM, and SRS for what is forwarded.
#pragma once

#include <cstdint>
#include <string>

namespace tayori::settings {

struct Signing {
    std::uint32_t dkim_expire_days = 0;
    std::string srs_domain;
    std::uint32_t srs_days = 21;
    std::uint32_t srs_rotate_days = 90;
};

}  // namespace tayori::settings
