// CRC-32C (Castagnoli), by the processor's instruction where there is one. Chainable: crc32c(b, crc32c(a)) is that of ab.
#pragma once

#include <cstdint>
#include <string_view>

namespace tayori::store {

std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far = 0);

}  // namespace tayori::store
