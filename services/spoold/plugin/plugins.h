// Plugins as administrators and daemons ask about them (proto/tayori/spool/v1/plugin.proto says what each call does): where they are
// enabled and with which settings, what they keep, how they fare.
//
// Thread-safe. Writes call `done` on the committer's thread, or at once with an error of the request itself.
// Lifetime: must outlive the store's last `done`.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "spoold/directory/directory.h"
#include "spoold/plugin/declarations.h"
#include "spoold/plugin/profiles.h"
#include "spoold/plugin/reports.h"
#include "spoold/plugin/state.h"

namespace tayori::spool {

class Plugins {
  public:
    // From then on the directory tells profiles with its answers. May wait for one commit.
    static Result<std::unique_ptr<Plugins>> open(Directory& directory);

    // PluginService.
    Result<v1::PluginList> list() const;
    Result<v1::PluginView> get(const v1::PluginScope& at) const;
    void switch_plugin(const v1::SwitchPluginRequest& request, Answer<v1::PluginView> done);
    void set(const v1::SetPluginRequest& request, Answer<v1::PluginView> done);
    // `tell` hands it to the daemons, and says to whose streams. Waits: on a thread that can be spared.
    using Tell = std::function<std::vector<std::uint64_t>(const v1::PluginReload&)>;
    Result<v1::PluginList> reload(const v1::ReloadPluginsRequest& request, const Tell& tell, std::chrono::milliseconds most);
    Result<v1::PluginStateRows> list_state(const v1::PluginScope& at) const;
    void clear_state(const v1::PluginScope& at, Answer<v1::PluginStateRows> done);

    // An account's owner (own.h).
    Result<v1::GetOwnSettingsReply> own_settings(std::uint64_t account) const;
    void set_own_settings(std::uint64_t account, const v1::SetOwnSettings& request, Answer<v1::SetOwnSettingsReply> done);

    // Daemons.
    Result<v1::GetPluginProfileReply> profile(std::uint64_t account) const;
    Result<v1::GetPluginStateReply> state(const v1::GetPluginState& request) const;
    // What the daemon is to be told because of it; number 0: nothing.
    v1::PluginReload report(const PluginReports::From& from, const v1::ReportPlugins& report);
    void stream_closed(std::uint64_t stream) { reports_.forget(stream); }

    // What full tables did not take up: counted, and logged once for each. On the committer's thread.
    void dropped(const std::vector<DroppedState>& dropped);

    // Every minute, on a thread that can wait for commits: what has expired goes, and declarations that came too fast are written.
    void tick();
    void stop();  // nobody waits for a reload any more, and tick() ends soon

    struct Counts {
        std::atomic<std::uint64_t> dropped{0};
        std::atomic<std::uint64_t> expired{0};
    };
    const Counts& counts() const { return counts_; }
    struct Failing {
        std::uint64_t failures = 0;   // of what is loaded now, in all daemons
        std::uint64_t suspended = 0;  // plugins that rest, counted in each daemon
    };
    Failing failing() const;
    const Declarations& declarations() const { return *declarations_; }
    const Profiles& profiles() const { return profiles_; }

  private:
    Plugins(CorePtr core, std::unique_ptr<Declarations> declarations);
    Error unknown(const std::string& plugin) const;
    Result<std::uint64_t> account_behind(const std::string& scope) const;
    void sweep();

    const CorePtr core_;
    const std::unique_ptr<Declarations> declarations_;
    const Profiles profiles_;
    PluginReports reports_;
    Counts counts_;
    std::atomic<bool> stopping_{false};

    // tick() only.
    std::string sweep_from_;
    std::int64_t sweep_at_ms_ = 0;

    std::mutex mutex_;
    absl::flat_hash_map<std::string, bool> dropped_known_;
};

}  // namespace tayori::spool
