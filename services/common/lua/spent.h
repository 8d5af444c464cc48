// Conditions (job.h) of which spoold has said that they do not hold for a while: what depends on them need not be written. spoold counts
// all the same, so this may know too little; what it knows it forgets soon, as somebody may clear a plugin's counts. Of any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/lua/job.h"

namespace tayori::lua {

inline constexpr std::int64_t kSpentKnownSeconds = 60;
inline constexpr std::size_t kSpentKnownMax = 100'000;  // then all are forgotten

class SpentConditions {
  public:
    void add(std::uint64_t account_id, std::string_view plugin, const Condition& condition, std::int64_t for_s, std::int64_t now_s);
    bool has(std::uint64_t account_id, std::string_view plugin, const Condition& condition, std::int64_t now_s) const;

  private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::int64_t> until_s_;
};

}  // namespace tayori::lua
