// A set of plugins in use: its engines, who waits for one, and how its plugins fare. For host.cc; the loop's thread only.
#pragma once

#include <array>
#include <coroutine>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/lua/engine.h"
#include "common/lua/host.h"
#include "common/lua/standing.h"

namespace tayori::lua {

inline constexpr std::size_t kProfilesCachedMax = 10'000;

class Generation {
  public:
    // `trusted`: folders whose plugins may run on the loop's thread.
    Generation(std::shared_ptr<const PluginSet> set, const Limits& limits, const std::vector<std::string>& trusted = {});

    const std::shared_ptr<const PluginSet>& set() const { return set_; }
    bool on_trial = false;

    bool has(const Profile* profile, Hook hook);  // ever
    bool has(const Profile* profile, Hook hook, const Occasion& occasion);
    void add_state_readers(const Profile* profile, Hook hook, std::vector<std::string>& names);

    // On the loop's thread? Not with a plugin that is not trusted, nor where it has taken long of late.
    bool may_run_here(const Profile* profile, UnixMillis now);
    void took_long(const Profile* profile, UnixMillis now);
    Engine& engine_here();
    void drop_engine_here() { here_.reset(); }

    // A coroutine's turn at an engine: `co_await turn;` then take().
    class Turn {
      public:
        explicit Turn(Generation& generation) : generation_(generation) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();
        bool await_ready();
        void await_suspend(std::coroutine_handle<> self);
        void await_resume() const noexcept {}
        std::unique_ptr<Engine> take() { return std::move(engine_); }

      private:
        friend class Generation;
        Generation& generation_;
        std::coroutine_handle<> coroutine_;
        std::unique_ptr<Engine> engine_;
        bool waits_ = false;
        std::list<Turn*>::iterator at_;
    };
    std::size_t waiting() const { return waiting_.size(); }
    bool has_engine() const { return !idle_.empty() || engines_ < limits_.states; }
    // Null: it can't be used again, and a new one takes its place. True where somebody waits: call serve() in a turn of the loop of its
    // own, as it resumes coroutines.
    bool give_back(std::unique_ptr<Engine> engine);
    void serve();

    std::map<std::string, Standing> standings;
    UnixMillis resting_until = 0;   // after it none of them rests
    UnixMillis measured_until = 0;  // runs on the loop's thread are measured exactly (host.cc)

  private:
    struct Hooks {
        Needs all;
        std::vector<std::pair<std::string, HookSet>> readers;         // of state
        bool trusted = true;
    };
    Hooks look_up(const Profile& profile);
    const Hooks& hooks_of(const Profile& profile);
    std::unique_ptr<Engine> take_engine();

    std::shared_ptr<const PluginSet> set_;
    Limits limits_;
    std::map<std::string, HookSet> hooks_;                            // by plugin
    std::set<std::string> trusted_;                                   // names
    struct Slow {
        std::uint32_t times = 0;
        UnixMillis until = 0;
    };
    std::unordered_map<std::uint64_t, Slow> slow_;                    // by profile
    std::unique_ptr<Engine> here_;                                    // the loop's own
    std::unordered_map<std::uint64_t, Hooks> profiles_;
    Hooks uncached_;
    std::vector<std::unique_ptr<Engine>> idle_;
    std::size_t engines_ = 0;                                         // idle and at work
    std::list<Turn*> waiting_;
};

}  // namespace tayori::lua
