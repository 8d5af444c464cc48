// The key that secrets in the store are sealed with, in a file of its own beside the store: who has the store alone, or a
// backup of it, has no password of another server. Without the file they have to be set again; nothing else is lost.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::spool {

class SecretKey {
  public:
    explicit SecretKey(std::string path) : path_(std::move(path)) {}

    // `bound_to` names what the secret is for: it can be opened for nothing else. Makes the file where there is none. busy.
    Result<std::string> seal(std::string_view secret, std::string_view bound_to);
    // denied: it was sealed with another key, or for something else.
    Result<std::string> open(std::string_view sealed, std::string_view bound_to);

  private:
    enum class Missing { fails, is_made };
    Result<std::string> key(Missing missing);

    const std::string path_;
    std::mutex mutex_;
    std::string key_;  // empty: not read yet
};

}  // namespace tayori::spool
