// Runs hooks at once, on the caller's thread: what Host does on the pool, and what adminctl's tests, replays and traces do without a
// server. Not thread-safe; keeps one state for each plugin.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "common/lua/job.h"
#include "common/lua/limits.h"
#include "common/lua/needs.h"
#include "common/lua/plugin_set.h"

namespace tayori::lua {

class Engine {
  public:
    Engine(std::shared_ptr<const PluginSet> set, Limits limits);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    // May this plugin run, or what its rest says instead; without it all may.
    enum class Permit : std::uint8_t { run, skip, tempfail };
    using Ask = std::function<Permit(const Plugin&)>;
    using Tell = std::function<void(const Plugin&, std::chrono::nanoseconds, std::size_t actions, const Failure*)>;
    void set_gate(Ask ask, Tell tell);

    // How long the opening of plugins has taken since this was asked last; each is opened once, when it first runs.
    std::chrono::nanoseconds take_opening_time();

    // The plugins of a profile that are installed, and what a plugin's `needs` says of these settings; without it, all its hooks.
    // Valid until the next call.
    struct Runs {
        const Plugin* plugin;
        Needs needs;
        std::string failure;    // of `needs`: then each of its hooks fails
    };
    const std::vector<Runs>& plugins_of(const Profile& profile);

    Decided run(const Job& job);
    MailDecided run(const MailJob& job);

  private:
    struct Inner;
    std::unique_ptr<Inner> inner_;
};

}  // namespace tayori::lua
