#include "common/lua/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/call.h"
#include "common/lua/check.h"
#include "common/lua/object.h"
#include "common/lua/state.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

using EngineClock = std::chrono::steady_clock;

constexpr std::size_t kEngineProfilesMax = 10'000;  // kept; then all are looked up anew

// Never the same twice in a process: an object of an earlier call is known by it, whichever engine made it.
std::uint64_t next_serial() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

// What a hook gets, in order.
int push_arguments(lua_State* lua, Call& call) {
    const auto& job = call.job;
    const auto session = [&] { push_object(lua, call, kSessionClass, &*job.session); };
    const auto mail = [&] { push_object(lua, call, kMailClass, call.mail); };
    const auto account = [&] { push_object(lua, call, kAccountClass, call.account); };
    switch (call.hook) {
        case Hook::connect:
        case Hook::helo:
        case Hook::mail: return session(), 1;
        case Hook::auth:
        case Hook::rcpt:
        case Hook::login: return session(), account(), 2;
        case Hook::headers:
        case Hook::message: return session(), mail(), 2;
        case Hook::deliver:
        case Hook::append: return mail(), account(), 2;
        case Hook::sent:
        case Hook::bounce: return push_object(lua, call, kReportClass, &*job.report), account(), 2;
        case Hook::store:
        case Hook::expunge: return push_object(lua, call, kChangeClass, &*job.change), account(), 2;
        case Hook::quota: return push_object(lua, call, kUsageClass, &*job.usage), account(), 2;
        case Hook::daily: return account(), 1;
    }
    return 0;
}

// What the job has to have for that: a mistake of the caller, which must not become a crash in a plugin's name.
bool has_arguments(const Call& call) {
    const auto& job = call.job;
    const bool account = call.account != nullptr;
    switch (call.hook) {
        case Hook::connect:
        case Hook::helo:
        case Hook::mail: return job.session.has_value();
        case Hook::auth:
        case Hook::rcpt:
        case Hook::login: return job.session.has_value() && account;
        case Hook::headers:
        case Hook::message: return job.session.has_value() && call.mail != nullptr;
        case Hook::deliver:
        case Hook::append: return call.mail != nullptr && account;
        case Hook::sent:
        case Hook::bounce: return job.report.has_value() && account;
        case Hook::store:
        case Hook::expunge: return job.change.has_value() && account;
        case Hook::quota: return job.usage.has_value() && account;
        case Hook::daily: return account;
    }
    return false;
}

// What a hook has returned, at the top of the stack: a decision becomes an action. A sentence where it is neither that nor nothing.
std::string take_result(lua_State* lua, Call& call) {
    if (lua_isnil(lua, -1)) {
        if (!call.decisions.empty()) call.note("a decision was made and not returned: it has no effect; write `return mail:reject(…)`");
        return {};
    }
    const auto* handle = object_if(lua, -1, kDecisionClass);
    if (handle == nullptr) {
        return cat(call.plugin.declaration.name, "/plugin.lua: ", hook_name(call.hook), " returned ", luaL_typename(lua, -1),
                   "; a hook returns nothing, or a decision as mail:reject(…) gives one");
    }
    std::visit([&](auto& made) { call.actions.push_back({call.plugin.declaration.name, call.decided_at[handle->index], std::move(made)}); },
               call.decisions[handle->index]);
    return {};
}

// What the job's hook is called for, of one that has needs to compare it with.
Occasion occasion_of(const Job& job, const MailText* mail) {
    Occasion occasion{job.now_s, 0};
    if (mail != nullptr) occasion.bytes = mail->view().size;
    else if (job.session) occasion.bytes = job.session->declared_size;
    return occasion;
}

bool has_stop(const std::vector<Action>& actions) {
    return std::any_of(actions.begin(), actions.end(), [](const Action& a) { return std::holds_alternative<Stop>(a.what); });
}

std::string trace_line(const Call& call, const std::string& hook, const Failure* failure, std::chrono::nanoseconds took) {
    auto line = cat(call.plugin.declaration.name, ".", hook, ": ");
    if (failure != nullptr) append(line, "failed: ", failure->text);
    else if (call.actions.empty()) line += "nothing";
    for (std::size_t i = 0; failure == nullptr && i < call.actions.size(); ++i)
        append(line, i == 0 ? "" : "; ", describe(call.actions[i]), " (", call.actions[i].at, ")");
    append(line, ", ", std::chrono::duration_cast<std::chrono::microseconds>(took).count(), " µs");
    return line;
}

}  // namespace

struct Engine::Inner {
    std::shared_ptr<const PluginSet> set;
    Limits limits;
    Ask ask;
    Tell tell;
    std::map<const Plugin*, std::unique_ptr<State>> states;
    std::unordered_map<std::uint64_t, std::vector<Runs>> profiles;  // by id
    std::vector<Runs> passing;                                       // of a profile without one
    std::chrono::nanoseconds opening{};

    const std::vector<Runs>& plugins_of(const Profile& profile) {
        if (const auto found = profiles.find(profile.id); profile.id != 0 && found != profiles.end()) return found->second;
        passing.clear();
        for (const auto& entry : profile.plugins) {
            const auto* plugin = set->find(entry.plugin);
            if (plugin != nullptr) passing.push_back(runs_of(*plugin, profile));
        }
        if (profile.id == 0) return passing;
        if (profiles.size() >= kEngineProfilesMax) profiles.clear();
        return profiles[profile.id] = passing;
    }

    // Null, with the failure: it does not load any more.
    State* state_of(const Plugin& plugin, std::string& why) {
        auto& state = states[&plugin];
        if (state != nullptr) return state.get();
        const auto began = EngineClock::now();
        auto opened = State::open(plugin.sources, plugin.declaration.name, limits);
        opening += EngineClock::now() - began;
        if (opened) state = std::move(*opened);
        else why = opened.error().text;
        return state.get();
    }

    static std::optional<Failure> failed(const Plugin& plugin, const std::string& hook, std::string text, std::string stack) {
        const bool tempfail = plugin.declaration.failure == plugin::OnFailure::tempfail;
        return Failure{plugin.declaration.name, hook, std::move(text), std::move(stack), tempfail};
    }

    Runs runs_of(const Plugin& plugin, const Profile& profile) {
        static const Job kNoJob;
        const auto hooks = hooks_named(plugin.declaration.hooks);
        Runs runs{&plugin, Needs(hooks), {}};
        if (!plugin.has_needs) return runs;
        auto* state = state_of(plugin, runs.failure);
        if (state == nullptr) return runs;
        Call call(kNoJob, plugin, limits);
        call.profile = &profile;
        call.serial = next_serial();
        Needs needs;
        state->set_context(&call);
        const auto called = state->call(
            kNeeds, [&](lua_State* lua) { return push_settings(lua, call), 1; },
            [&](lua_State* lua) {
                try {
                    needs = read_needs(lua, plugin.declaration.name, hooks);
                } catch (const ScriptError& error) {
                    runs.failure = error.text;
                }
            });
        state->set_context(nullptr);
        if (!called) {
            runs.failure = called.error().text;
            if (called.error().exhausted) states.erase(&plugin);
        }
        if (runs.failure.empty()) runs.needs = std::move(needs);
        return runs;
    }

    std::optional<Failure> call_hook(Call& call, const std::string& hook) {
        const auto failed = [&](std::string text, std::string stack) {
            return Inner::failed(call.plugin, hook, std::move(text), std::move(stack));
        };
        if (!has_arguments(call)) return failed(cat(hook, ": the job lacks what the hook is given"), {});
        std::string why;
        auto* state = state_of(call.plugin, why);
        if (state == nullptr) return failed(std::move(why), {});
        state->set_context(&call);
        const auto called = state->call(
            hook, [&](lua_State* lua) { return push_arguments(lua, call); },
            [&](lua_State* lua) {
                try {
                    why = take_result(lua, call);
                } catch (const ScriptError& error) {  // a decision of an earlier call
                    why = cat(call.plugin.declaration.name, "/plugin.lua: ", hook, ": ", error.text);
                }
            });
        state->set_context(nullptr);
        if (!called) {
            // After the end of a budget nobody knows where its variables stand.
            if (called.error().exhausted) states.erase(&call.plugin);
            return failed(called.error().text, called.error().stack);
        }
        if (!why.empty()) return failed(std::move(why), {});
        if (!call.needed && !call.actions.empty())
            return failed(cat(call.plugin.declaration.name, "/plugin.lua: needs said that ", hook, " has nothing to do here, and it decided: ",
                              describe(call.actions.front()), "; without a trace it is not called"), {});
        return std::nullopt;
    }

    // One plugin. False: those behind it are not asked any more.
    bool run_plugin(Call& call, const std::string& hook, const std::string& cannot_run, Decided& decided) {
        const auto began = EngineClock::now();
        const auto failure = cannot_run.empty() ? call_hook(call, hook) : failed(call.plugin, hook, cannot_run, {});
        const auto took = EngineClock::now() - began;
        if (tell) tell(call.plugin, took, failure ? 0 : call.actions.size(), failure ? &*failure : nullptr);
        if (call.job.trace) {
            decided.trace.push_back(trace_line(call, hook, failure ? &*failure : nullptr, took));
            for (const auto& note : call.notes) decided.trace.push_back(cat("  ", note));
        }
        std::move(call.log.begin(), call.log.end(), std::back_inserter(decided.log));
        if (failure) {
            // All or nothing: half of what it wanted may be the wrong half.
            decided.failures.push_back(*failure);
            return !failure->tempfail;
        }
        const bool stops = has_stop(call.actions);
        std::move(call.actions.begin(), call.actions.end(), std::back_inserter(decided.actions));
        return !stops && decided.refusal() == nullptr;
    }

    void run_hook(const Job& job, Hook hook, const AccountView* account, MailText* mail, Decided& decided) {
        const Profile* profile = account != nullptr ? account->profile.get() : job.profile.get();
        if (profile == nullptr || set == nullptr || decided.refusal() != nullptr) return;
        const std::string name(hook_name(hook));
        const auto occasion = occasion_of(job, mail);
        for (const auto& [plugin, needs, failure] : plugins_of(*profile)) {
            const bool needed = needs.has(hook, occasion);
            // Who traces gets the plugin's own words on why it has nothing to do now.
            if (!needed && !(job.trace && (needs.hooks() & hook_bit(hook)) != 0)) {
                const bool has = (hooks_named(plugin->declaration.hooks) & hook_bit(hook)) != 0;
                if (job.trace && has) {
                    decided.trace.push_back(cat(plugin->declaration.name, ".", name, ": nothing"));
                    decided.trace.emplace_back("  nothing to do with these settings");
                }
                continue;
            }
            const auto permit = ask ? ask(*plugin) : Permit::run;
            if (permit == Permit::skip) continue;
            if (permit == Permit::tempfail) {
                decided.failures.push_back({plugin->declaration.name, name, "it rests after it has failed several times", {}, true});
                return;
            }
            Call call(job, *plugin, limits);
            call.hook = hook;
            call.account = account;
            call.profile = profile;
            call.mail = mail;
            call.serial = next_serial();
            call.needed = needed;
            if (!run_plugin(call, name, failure, decided)) return;
        }
    }
};

Engine::Engine(std::shared_ptr<const PluginSet> set, Limits limits) : inner_(std::make_unique<Inner>()) {
    inner_->set = std::move(set);
    inner_->limits = limits;
}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::set_gate(Ask ask, Tell tell) {
    inner_->ask = std::move(ask);
    inner_->tell = std::move(tell);
}

const std::vector<Engine::Runs>& Engine::plugins_of(const Profile& profile) { return inner_->plugins_of(profile); }

std::chrono::nanoseconds Engine::take_opening_time() { return std::exchange(inner_->opening, {}); }

Decided Engine::run(const Job& job) {
    Decided decided;
    std::optional<MailText> mail;
    if (job.mail) mail.emplace(*job.mail);
    inner_->run_hook(job, job.hook, job.account ? &*job.account : nullptr, mail ? &*mail : nullptr, decided);
    return decided;
}

MailDecided Engine::run(const MailJob& job) {
    MailDecided all;
    if (!job.message.mail) return all;
    MailText mail(*job.message.mail);
    const auto* account = job.message.account ? &*job.message.account : nullptr;
    inner_->run_hook(job.message, Hook::headers, account, &mail, all.message);
    inner_->run_hook(job.message, Hook::message, account, &mail, all.message);
    const auto& actions = all.message.actions;
    const bool discarded = std::any_of(actions.begin(), actions.end(), [](const Action& a) { return std::holds_alternative<Discard>(a.what); });
    if (discarded || all.message.refusal() != nullptr) return all;
    all.recipients.resize(job.recipients.size());
    for (std::size_t i = 0; i < job.recipients.size(); ++i)
        inner_->run_hook(job.message, Hook::deliver, &job.recipients[i], &mail, all.recipients[i]);
    return all;
}

}  // namespace tayori::lua
