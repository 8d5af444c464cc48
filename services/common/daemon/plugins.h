// A daemon's Lua plugins: loads them, follows spoold's word to load them anew, knows whose run with which settings, runs hooks off
// the loop, and tells log, metrics, spoold and the postmaster how they fare.
//
//   daemon::Plugins plugins(daemon, settings);
//   auto who = co_await plugins.account(login.account_id);
//   if (plugins.has(who.profile, lua::Hook::login)) {
//       lua::Job job; … ; auto decided = co_await plugins.run(std::move(job));
//
// What a plugin does wrong is logged here and never an error of run(). Of the loop's thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/sync.h"
#include "common/daemon/daemon.h"
#include "common/daemon/plugin_loading.h"
#include "common/daemon/plugin_reports.h"
#include "common/daemon/rest_notice.h"
#include "common/lua/host.h"
#include "common/lua/spent.h"

namespace tayori::daemon {

inline constexpr net::Duration kPluginReportEvery = std::chrono::seconds(3);
inline constexpr std::size_t kProfilesKeptMax = 4096;
inline constexpr std::size_t kProfileBytesKeptMax = 64 * 1024 * 1024;     // of their settings, all together
inline constexpr net::Duration kProfileKept = std::chrono::seconds(5);     // where spoold does not tell of changes
inline constexpr net::Duration kPluginRetry = std::chrono::seconds(1);     // of a report that did not arrive
inline constexpr std::uint32_t kRestNoticePeriod = 3600;                  // seconds between notices about one plugin

class Plugins {
  public:
    // Loads what lies on the disk; a daemon opens its ports only afterwards.
    Plugins(Daemon& daemon, const settings::Settings& settings);
    Plugins(const Plugins&) = delete;
    Plugins& operator=(const Plugins&) = delete;
    ~Plugins();

    // Whose plugins run. Errors: busy. Where spoold can't be asked the last that is known of the site holds on.
    Async<lua::ProfilePtr> site();
    // An account as its plugins see it, of somebody who has logged in.
    Async<lua::AccountView> account(std::uint64_t account_id, std::string address);
    // Of an account that Resolve has named together with its profile's id.
    Async<lua::ProfilePtr> profile(std::uint64_t account_id, std::uint64_t profile_id);

    // Does any of them have the hook? Cheap: asked for every command.
    bool has(const lua::ProfilePtr& profile, lua::Hook hook);
    // And has it anything to do now, for a mail of so many octets (0: none, or not known)?
    bool has_now(const lua::ProfilePtr& profile, lua::Hook hook, std::uint64_t bytes);
    // Is there any plugin with this hook at all? Where not, no profile has to be known.
    bool anybody_has(lua::Hook hook) const { return (loaded_hooks_ & lua::hook_bit(hook)) != 0; }
    // Does a plugin of the profile that has the hook read what is kept?
    bool reads_state(const lua::ProfilePtr& profile, lua::Hook hook) { return !host_.state_readers(profile, hook).empty(); }
    // With what they keep of the account.
    Async<lua::AccountView> with_state(lua::AccountView view, lua::Hook hook);

    // Errors: busy, too many wait.
    Async<lua::Decided> run(lua::Job job);
    Async<lua::MailDecided> run_mail(lua::MailJob job);
    // What has become of a mail's plan.
    void learn(const rpc::v1::CommitPlanReply& reply);
    // What a hook without a mail has decided, in one commit. Errors: busy, also where a limit is passed.
    Async<void> apply(lua::AccountView whose, lua::Decided decided);

    // Names of the loaded plugins that have a hook: what LeasePluginWork asks for.
    std::vector<std::string> with_hook(std::string_view hook) const;

  private:
    struct KeptAccount {
        lua::AccountView view;
        rpc::DirectoryState directory;
        net::Deadline until{};
    };
    std::int64_t now_s() const { return daemon_.clock().now_ms() / kMillisPerSecond; }
    Async<lua::AccountView> ask(std::uint64_t account_id, std::string address);
    lua::ProfilePtr keep(const rpc::v1::PluginProfile& profile);
    bool holds(const KeptAccount& kept) const;
    void adopt(std::shared_ptr<const lua::PluginSet> set);
    void note_hooks();
    void log_outcome(const lua::Decided& decided, const std::string& id);
    Async<void> follow();
    Async<void> reload(rpc::v1::PluginReload said);
    Async<void> report();
    void want_report();
    rpc::v1::ReportPlugins current_report() const;
    Async<void> tell_postmaster(lua::PluginFigures figures);

    Daemon& daemon_;
    const settings::Settings& settings_;
    std::string program_;
    PluginPlaces places_;
    lua::Limits limits_;
    std::shared_ptr<const lua::PluginSet> trial_;
    lua::Host host_;
    lua::HookSet loaded_hooks_ = 0;
    std::shared_ptr<lua::SpentConditions> spent_ = std::make_shared<lua::SpentConditions>();
    absl::flat_hash_map<std::uint64_t, lua::ProfilePtr> profiles_;
    std::size_t profile_bytes_ = 0;
    absl::flat_hash_map<std::uint64_t, KeptAccount> accounts_;
    lua::ProfilePtr nobody_;
    std::uint64_t reload_done_ = 0;
    std::string load_error_;
    FailureLog failure_log_;
    PluginMetrics metrics_;
    std::string reported_;   // what spoold has, serialized
    bool report_wanted_ = false;
    Event report_now_;
    Tasks tasks_;  // last
};

}  // namespace tayori::daemon
