// How plugins fare, for the log, Prometheus and spoold.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/lua/host.h"
#include "common/metrics/metrics.h"
#include "common/net/loop.h"
#include "common/rpc/calls.h"

namespace tayori::daemon {

inline constexpr net::Duration kFailureWindow = std::chrono::seconds(60);
inline constexpr std::size_t kFailuresLoggedMax = 10;   // of one plugin within that time
inline constexpr std::size_t kPluginsMeasuredMax = 256;  // names that ever had figures of their own

// One line for each failure, until there are too many; then one that says so.
class FailureLog {
  public:
    void add(const lua::Failure& failure, const std::string& id, net::Deadline now);

  private:
    struct Window {
        net::Deadline begun{};
        std::size_t failures = 0;
    };
    std::map<std::string, Window> windows_;
};

// Figures of each plugin. Counters go on over reloads, where the host begins anew.
class PluginMetrics {
  public:
    explicit PluginMetrics(Metrics& metrics) : metrics_(metrics) {}
    // Only names that are new are declared; on the loop's thread.
    void declare(const lua::PluginSet& set);
    void update(const std::vector<lua::PluginFigures>& figures, std::int64_t now_s);

  private:
    struct Row {
        std::atomic<double> calls{0}, failures{0}, seconds{0}, resting{0};
        std::uint64_t calls_seen = 0, failures_seen = 0;
        double seconds_seen = 0;
    };
    Metrics& metrics_;
    std::map<std::string, std::shared_ptr<Row>> rows_;
};

// `trial` may be null.
rpc::v1::ReportPlugins make_report(const lua::PluginSet& set, const lua::PluginSet* trial,
                                   const std::vector<lua::PluginFigures>& figures);

}  // namespace tayori::daemon
