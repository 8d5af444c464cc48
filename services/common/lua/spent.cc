#include "common/lua/spent.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::lua {
namespace {

// The numbers belong to it: another period of the same key is another condition.
std::string key_of(std::uint64_t account_id, std::string_view plugin, const Condition& condition) {
    return cat(account_id, " ", plugin, " ", condition.max, " ", condition.period_s, " ", condition.key);
}

}  // namespace

void SpentConditions::add(std::uint64_t account_id, std::string_view plugin, const Condition& condition, std::int64_t for_s,
                          std::int64_t now_s) {
    auto key = key_of(account_id, plugin, condition);
    const std::lock_guard lock(mutex_);
    if (until_s_.size() >= kSpentKnownMax) until_s_.clear();
    until_s_[std::move(key)] = now_s + std::min(for_s, kSpentKnownSeconds);
}

bool SpentConditions::has(std::uint64_t account_id, std::string_view plugin, const Condition& condition, std::int64_t now_s) const {
    const auto key = key_of(account_id, plugin, condition);
    const std::lock_guard lock(mutex_);
    const auto found = until_s_.find(key);
    return found != until_s_.end() && now_s < found->second;
}

}  // namespace tayori::lua
