// One account and its plugins, without a server: what plugins decide is counted and kept as spoold would, so that a second mail within
// a week gets no second answer. The clock is the caller's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adminctl/plugin/sentence.h"
#include "common/lua/engine.h"
#include "common/lua/plugin_set.h"

namespace tayori::admin::kit {

struct Did {
    lua::Action action;
    Sentence said;
};
struct Outcome {
    std::vector<Did> done;
    std::vector<std::string> reasons;   // what plugins explained, and what a count has held back
    std::vector<std::string> trace;     // each plugin that ran, with what it explained below it
    std::vector<std::string> held_back; // by a count: the part of `reasons` that no plugin knows of
    std::vector<lua::Failure> failures;
    std::vector<std::string> log;
};

struct Envelope {
    std::string sender;
    std::vector<std::string> to;
    bool from_account = false;          // the account submits it
    std::uint64_t size = 0;             // 0: as many octets as there are
};

class Stage {
  public:
    using Plugins = std::vector<std::shared_ptr<const lua::Plugin>>;
    explicit Stage(Plugins plugins);

    std::string address = "taro@example.test";
    std::vector<std::string> aliases;
    std::int64_t now_s = 0;

    const Plugins& plugins() const { return set_->plugins; }
    // Checked and normalised already.
    void set_settings(const std::string& plugin, std::string json);
    // Does the address lead to the account?
    bool is_own(std::string_view one) const;

    // `headers` and `message`, then `deliver` where the account is among the recipients.
    Outcome mail(const Envelope& envelope, const std::string& content);
    // Another hook; the account, the clock and what else every job has are filled in. `logged_in`: the session is the account's.
    Outcome run(lua::Job job, bool for_account);
    // Forgets what has been counted and kept.
    void forget();

  private:
    struct Count {
        std::uint32_t times = 0;
        std::int64_t since_s = 0;
    };
    struct Kept {
        std::string value;
        std::int64_t expires_s = 0;     // 0: never
    };
    using Key = std::pair<std::string, std::string>;  // plugin, key

    lua::ProfilePtr profile();
    lua::AccountView account();
    lua::Job job_of(lua::Hook hook);
    void take(lua::Decided decided, Outcome& outcome);
    // The first condition that does not hold; nullptr: all do, and this time is counted.
    const lua::Condition* count(const std::string& plugin, const std::vector<lua::Condition>& conditions);
    void keep(const std::string& plugin, const lua::Remember& remember);

    std::shared_ptr<const lua::PluginSet> set_;
    lua::Engine engine_;
    std::map<std::string, std::string> settings_;
    lua::ProfilePtr profile_;
    std::uint64_t profiles_ = 0;
    std::map<Key, Count> counts_;
    std::map<Key, Kept> kept_;
    std::uint64_t mails_ = 0;
};

}  // namespace tayori::admin::kit
