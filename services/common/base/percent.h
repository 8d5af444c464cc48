// Percent-encoding: read tolerantly (RFC 2231's parameters, gRPC's messages), written strictly (URLs).
#pragma once

#include <string>
#include <string_view>

namespace tayori {

// "%" without two hexadecimal digits behind it stays as it is.
std::string percent_decode(std::string_view text);
// Letters, digits, "-._~" and what `also` has stay as they are.
std::string percent_encode(std::string_view text, std::string_view also = {});

}  // namespace tayori
