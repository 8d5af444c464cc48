// Secrets that must be readable again (a relay's password), sealed with AES-256-GCM under a key file that lies outside of the
// store and in no backup: whoever gets hold of the store alone has nothing.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::crypto {

// `purpose` is sealed with it: a value put elsewhere does not open there.
std::string seal(std::string_view key, std::string_view secret, std::string_view purpose);
// corrupt: another key, another purpose, or damage.
Result<std::string> open_sealed(std::string_view key, std::string_view sealed, std::string_view purpose);

// With the key of a file, which is made (mode 0600) when something is sealed for the first time. Thread-safe.
class Sealer {
  public:
    explicit Sealer(std::string path) : path_(std::move(path)) {}
    Result<std::string> seal(std::string_view secret, std::string_view purpose);
    Result<std::string> open(std::string_view sealed, std::string_view purpose);

  private:
    enum class Missing { make, fail };
    Result<std::string> key(Missing missing);

    const std::string path_;
    std::mutex mutex_;
    std::optional<std::string> key_;
};

}  // namespace tayori::crypto
