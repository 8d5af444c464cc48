// How one plugin fares: its figures, and whether it rests because it has failed too often. For host.cc.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/base/clock.h"
#include "common/lua/host.h"
#include "common/lua/limits.h"

namespace tayori::lua {

class Standing {
  public:
    explicit Standing(std::string plugin) { figures_.plugin = std::move(plugin); }

    // True: it rests from now on, and nobody has been told since it last did well.
    bool failed(const std::string& text, UnixMillis now, const Limits& limits);
    void did_well(UnixMillis now);
    void ran(std::chrono::nanoseconds took, std::size_t actions);
    bool rests(UnixMillis now) const { return rests_until_ > now; }
    UnixMillis rests_until() const { return rests_until_; }
    PluginFigures figures(UnixMillis now) const;

  private:
    PluginFigures figures_;
    std::chrono::nanoseconds time_{};
    std::uint32_t failures_in_row_ = 0;
    std::chrono::seconds rest_{};   // the last one's length
    UnixMillis rests_until_ = 0;
    bool told_ = false;
};

}  // namespace tayori::lua
