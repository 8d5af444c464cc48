#include "common/lua/standing.h"

#include <algorithm>

namespace tayori::lua {

void Standing::ran(std::chrono::nanoseconds took, std::size_t actions) {
    ++figures_.calls;
    figures_.actions += actions;
    time_ += took;
}

bool Standing::failed(const std::string& text, UnixMillis now, const Limits& limits) {
    ++figures_.failures;
    figures_.last_failure = text;
    figures_.failed_s = now / kMillisPerSecond;
    if (rests(now)) return false;  // it was under way when the rest began
    if (++failures_in_row_ < limits.failures_max) return false;
    // After the rest one call shows whether it is well again.
    failures_in_row_ = limits.failures_max - std::min<std::uint32_t>(limits.failures_max, 1);
    rest_ = rest_.count() == 0 ? limits.rest_min : std::min(rest_ * 2, limits.rest_max);
    rests_until_ = now + std::chrono::milliseconds(rest_).count();
    return !std::exchange(told_, true);
}

void Standing::did_well(UnixMillis now) {
    if (rests(now)) return;
    failures_in_row_ = 0;
    rest_ = {};
    rests_until_ = 0;
    told_ = false;
}

PluginFigures Standing::figures(UnixMillis now) const {
    auto out = figures_;
    out.time = std::chrono::duration_cast<std::chrono::microseconds>(time_);
    out.suspended_until_s = rests(now) ? (rests_until_ + kMillisPerSecond - 1) / kMillisPerSecond : 0;
    return out;
}

}  // namespace tayori::lua
