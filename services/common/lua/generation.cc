#include "common/lua/generation.h"

#include <algorithm>
#include <filesystem>

namespace tayori::lua {
namespace {

// Directly in that folder.
bool is_in(const std::string& plugin, const std::string& directory) {
    const auto folder = std::filesystem::path(plugin).lexically_normal().parent_path();
    const auto wanted = (std::filesystem::path(directory) / "").lexically_normal().parent_path();
    return !directory.empty() && folder == wanted;
}

}  // namespace

Generation::Generation(std::shared_ptr<const PluginSet> set, const Limits& limits, const std::vector<std::string>& trusted)
    : set_(std::move(set)), limits_(limits) {
    limits_.states = std::max<std::size_t>(limits_.states, 1);
    for (const auto& plugin : set_->plugins) {
        const auto& name = plugin->declaration.name;
        hooks_[name] = hooks_named(plugin->declaration.hooks);
        standings.emplace(name, Standing(name));
        for (const auto& directory : trusted)
            if (is_in(plugin->directory, directory)) trusted_.insert(name);
    }
}

Generation::Hooks Generation::look_up(const Profile& profile) {
    Hooks out;
    for (const auto& entry : profile.plugins) out.trusted = out.trusted && (trusted_.contains(entry.plugin) || !hooks_.contains(entry.plugin));
    const auto add = [&out](const Plugin& plugin, const Needs& needs) {
        out.all.add(needs);
        if (plugin.declaration.reads_state) out.readers.emplace_back(plugin.declaration.name, needs.hooks());
    };
    // What they need can be asked here; of others the pool finds out what to leave out.
    if (out.trusted && profile.id != 0) {
        for (const auto& runs : engine_here().plugins_of(profile)) add(*runs.plugin, runs.needs);
        return out;
    }
    for (const auto& entry : profile.plugins) {
        const auto found = hooks_.find(entry.plugin);
        if (found != hooks_.end()) add(*set_->find(entry.plugin), Needs(found->second));
    }
    return out;
}

const Generation::Hooks& Generation::hooks_of(const Profile& profile) {
    if (profile.id == 0) return uncached_ = look_up(profile);
    const auto found = profiles_.find(profile.id);
    if (found != profiles_.end()) return found->second;
    if (profiles_.size() >= kProfilesCachedMax) profiles_.clear();
    return profiles_[profile.id] = look_up(profile);
}

bool Generation::has(const Profile* profile, Hook hook) {
    if (profile == nullptr || profile->plugins.empty()) return false;
    return (hooks_of(*profile).all.hooks() & hook_bit(hook)) != 0;
}

bool Generation::has(const Profile* profile, Hook hook, const Occasion& occasion) {
    return profile != nullptr && !profile->plugins.empty() && hooks_of(*profile).all.has(hook, occasion);
}

void Generation::add_state_readers(const Profile* profile, Hook hook, std::vector<std::string>& names) {
    if (profile == nullptr || profile->plugins.empty()) return;
    for (const auto& [name, bits] : hooks_of(*profile).readers) {
        if ((bits & hook_bit(hook)) != 0 && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
}

bool Generation::may_run_here(const Profile* profile, UnixMillis now) {
    if (profile == nullptr || profile->plugins.empty()) return true;
    if (profile->id == 0 || !hooks_of(*profile).trusted) return false;
    const auto slow = slow_.find(profile->id);
    if (slow == slow_.end()) return true;
    if (slow->second.until > now) return slow->second.times < kSlowTimes;
    slow_.erase(slow);
    return true;
}

void Generation::took_long(const Profile* profile, UnixMillis now) {
    if (profile == nullptr || profile->plugins.empty()) return;
    if (slow_.size() >= kSlowProfilesMax) slow_.clear();
    auto& slow = slow_[profile->id];
    ++slow.times;
    slow.until = now + kSlowForMs;
}

Engine& Generation::engine_here() {
    if (here_ == nullptr) here_ = std::make_unique<Engine>(set_, limits_);
    return *here_;
}

std::unique_ptr<Engine> Generation::take_engine() {
    if (!idle_.empty()) {
        auto engine = std::move(idle_.back());  // the last one used: what it has is in the caches
        idle_.pop_back();
        return engine;
    }
    ++engines_;
    return std::make_unique<Engine>(set_, limits_);
}

bool Generation::give_back(std::unique_ptr<Engine> engine) {
    if (engine != nullptr) idle_.push_back(std::move(engine));
    else --engines_;
    return !waiting_.empty();
}

void Generation::serve() {
    while (!waiting_.empty() && has_engine()) {
        auto* turn = waiting_.front();
        waiting_.pop_front();
        turn->waits_ = false;
        turn->engine_ = take_engine();
        turn->coroutine_.resume();  // may end, and with it the turn
    }
}

bool Generation::Turn::await_ready() {
    if (!generation_.waiting_.empty() || !generation_.has_engine()) return false;
    engine_ = generation_.take_engine();
    return true;
}

void Generation::Turn::await_suspend(std::coroutine_handle<> self) {
    coroutine_ = self;
    waits_ = true;
    at_ = generation_.waiting_.insert(generation_.waiting_.end(), this);
}

Generation::Turn::~Turn() {
    if (waits_) generation_.waiting_.erase(at_);
    if (engine_ != nullptr) generation_.give_back(std::move(engine_));
}

}  // namespace tayori::lua
