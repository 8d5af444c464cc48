// Runs plugins beside a daemon's loop: on libuv's pool, each plugin in states of its own, never two calls in one state. Where a
// profile has only plugins that came with Tayori, and was quick so far, they run on the loop's thread: a hop to another thread and back
// costs several times what they do, and their code is known as well as this program's (docs/decisions/0011).
//
//   auto decided = co_await host.run(std::move(job));
//
// What a plugin does wrong is in the outcome (Decided::failures), never an error of the call: a mail goes on. Failures in a row make
// a plugin rest (Limits::failures_max); while it rests it is skipped, or by its policy answers tempfail at once.
// All of it is for the loop's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/lua/job.h"
#include "common/lua/limits.h"
#include "common/lua/needs.h"
#include "common/lua/plugin_set.h"
#include "common/net/loop.h"

namespace tayori::lua {

struct PluginFigures {
    std::string plugin;
    bool on_trial = false;
    std::uint64_t calls = 0, actions = 0, failures = 0;
    std::chrono::microseconds time{};
    std::string last_failure;
    std::int64_t failed_s = 0;
    std::int64_t suspended_until_s = 0;  // 0: it is not
};

class Host {
  public:
    Host(net::Loop& loop, const Clock& clock, Limits limits);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // Folders whose plugins came with Tayori. Before use().
    void trust(std::vector<std::string> directories);
    // From now on; what runs ends with the set that it began with. With a trial, `percent` of mails get the new one first.
    void use(std::shared_ptr<const PluginSet> set);
    void try_out(std::shared_ptr<const PluginSet> set, std::uint32_t percent);
    bool accept_trial();   // false: there is none
    bool reject_trial();
    std::uint32_t trial_percent() const;
    const std::shared_ptr<const PluginSet>& plugins() const;

    // Does any plugin of the profile have this hook? Where not, nothing has to be run. Cheap; asked for every command.
    bool has(const ProfilePtr& profile, Hook hook);
    // And has it anything to do now?
    bool has(const ProfilePtr& profile, Hook hook, const Occasion& occasion);
    // Plugins of the profile that have the hook and read state: fetch it first.
    std::vector<std::string> state_readers(const ProfilePtr& profile, Hook hook);

    // Nothing to run costs no thread. busy: too many jobs wait.
    Async<Decided> run(Job job);
    Async<MailDecided> run(MailJob job);

    std::vector<PluginFigures> figures() const;
    // Told when a plugin has failed so often that it rests now.
    void on_rest(std::function<void(const PluginFigures&)> tell);

  private:
    struct Inner;
    std::shared_ptr<Inner> inner_;
};

}  // namespace tayori::lua
