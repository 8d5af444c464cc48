// Secrets that have to be read back, kept under a key (AES-256-GCM, NIST SP 800-38D). Strings hold raw bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tayori::crypto {

inline constexpr std::size_t kSealKeyBytes = 32;

// Nonce (12 bytes, random), the encrypted bytes, tag (16 bytes). `bound_to` is not in it, but opening needs the same.
std::string seal(std::string_view key, std::string_view secret, std::string_view bound_to);
// Nothing: another key, other bytes, or bound to something else.
std::optional<std::string> unseal(std::string_view key, std::string_view sealed, std::string_view bound_to);

}  // namespace tayori::crypto
