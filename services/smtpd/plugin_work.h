// Takes plugins' work without a session from spoold (plugin.proto): `daily` for each account once a day, `quota` after a step of it.
//
// Nothing here is durable: a lease that does not come to its end comes again, and what it had removed by then is gone already.
#pragma once

#include "common/base/sync.h"
#include "common/daemon/plugins.h"
#include "smtpd/plugin_expire.h"

namespace tayori::smtp {

inline constexpr net::Duration kWorkWait = std::chrono::seconds(50);       // LeasePluginWork.wait_ms
inline constexpr net::Duration kWorkSlack = std::chrono::seconds(10);      // for its answer
inline constexpr net::Duration kWorkPause = std::chrono::seconds(1);       // after an error
inline constexpr net::Duration kWorkPauseMax = std::chrono::seconds(60);
inline constexpr net::Duration kNoWorkPause = std::chrono::seconds(10);    // while no plugin has such a hook

class PluginWork {
  public:
    PluginWork(net::Loop& loop, rpc::Spool& spool, const Clock& clock, daemon::Plugins& plugins)
        : loop_(loop), spool_(spool), clock_(clock), plugins_(plugins) {}
    PluginWork(const PluginWork&) = delete;
    PluginWork& operator=(const PluginWork&) = delete;

    void start() { tasks_->spawn(take_work()); }
    // What is under way is left: it comes again.
    void stop() { tasks_ = std::make_unique<Tasks>(); }

  private:
    Async<void> take_work();
    Async<void> carry(rpc::v1::PluginWork work);

    net::Loop& loop_;
    rpc::Spool& spool_;
    const Clock& clock_;
    daemon::Plugins& plugins_;
    std::unique_ptr<Tasks> tasks_ = std::make_unique<Tasks>();  // last
};

}  // namespace tayori::smtp
