// The file `format`: which version of the bytes on disk this directory has.
#pragma once

#include <functional>

#include "spoold/store/files.h"

namespace tayori::store {

constexpr std::uint32_t kStoreFormat = 1;

// One step from version `from` to the next. Must be safe to repeat: the power may fail before the new number is written.
struct Migration {
    std::uint32_t from = 0;
    std::function<Result<void>(Files& files, const std::string& directory)> run;
};

// Writes `format` into a new directory, brings an older store to `current` by the migrations, refuses a newer one.
Result<void> settle_format(Files& files, const std::string& directory, std::uint32_t current,
                           const std::vector<Migration>& migrations);

// Of a directory that was filled by other means.
Result<void> write_format(Files& files, const std::string& directory, std::uint32_t version);

// Those of this program: there is one version so far.
const std::vector<Migration>& migrations();

}  // namespace tayori::store
