// Percent-encoding, as a tolerant reader: RFC 2231's parameters, gRPC's messages.
#pragma once

#include <string>
#include <string_view>

namespace tayori {

// "%" without two hexadecimal digits behind it stays as it is.
std::string percent_decode(std::string_view text);

}  // namespace tayori
