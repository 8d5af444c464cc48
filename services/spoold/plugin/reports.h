// What the daemons say of their plugins, while they are connected, and who has answered a reload. In memory.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::spool {

namespace v1 = ::tayori::spool::v1;

class PluginReports {
  public:
    explicit PluginReports(const Clock& clock) : clock_(clock) {}

    struct From {
        std::uint64_t stream = 0;
        std::string program, instance;
    };
    struct Heard {
        std::vector<std::string> declarations;  // that this daemon had not said before
        v1::PluginReload reload;                // it knows less: tell it; number 0: it does not
    };
    Heard put(const From& from, const v1::ReportPlugins& report);
    void forget(std::uint64_t stream);
    std::vector<v1::PluginDaemon> list() const;  // by program and instance

    // The next one to be told; wait() follows, and one who begins the next only then. Its number is greater than any before, also
    // before a restart.
    v1::PluginReload begin_reload(v1::ReloadAction action, std::uint32_t percent);
    // Until each of these streams has answered it or is gone. False: not in time.
    bool wait(std::uint64_t number, const std::vector<std::uint64_t>& streams, std::chrono::milliseconds most);
    void stop();  // nobody waits any more

  private:
    struct Daemon {
        From from;
        v1::ReportPlugins report;
        std::map<std::string, std::string> declared;  // as it said it
    };
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Daemon> daemons_;
    bool awaited_ = false;          // from begin_reload() to the end of wait()
    std::set<std::uint64_t> gone_;  // meanwhile
    v1::PluginReload last_;
    bool stopping_ = false;
};

}  // namespace tayori::spool
