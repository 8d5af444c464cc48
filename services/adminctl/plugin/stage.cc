#include "adminctl/plugin/stage.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/summary.h"

namespace tayori::admin::kit {
namespace {

constexpr int kBusyCode = 451;

std::shared_ptr<const lua::PluginSet> set_of(Stage::Plugins plugins) {
    auto set = std::make_shared<lua::PluginSet>();
    set->plugins = std::move(plugins);
    std::sort(set->plugins.begin(), set->plugins.end(),
              [](const auto& a, const auto& b) { return a->declaration.name < b->declaration.name; });
    return set;
}

// Tests and replays are about what a plugin decides: an author's slow machine is no reason to fail.
lua::Limits patient() {
    lua::Limits limits;
    limits.wall = std::chrono::seconds(5);
    return limits;
}

const std::vector<lua::Condition>* conditions_in(const lua::Action& action) {
    if (const auto* forward = std::get_if<lua::Forward>(&action.what)) return &forward->conditions;
    if (const auto* compose = std::get_if<lua::Compose>(&action.what)) return &compose->conditions;
    return nullptr;
}

}  // namespace

Stage::Stage(Plugins plugins) : set_(set_of(std::move(plugins))), engine_(set_, patient()) {}

void Stage::set_settings(const std::string& plugin, std::string json) {
    settings_[plugin] = std::move(json);
    profile_.reset();
}

void Stage::forget() {
    counts_.clear();
    kept_.clear();
}

bool Stage::is_own(std::string_view one) const {
    const auto same = [one](const std::string& ours) { return equals_ignoring_case(ours, one); };
    return same(address) || std::any_of(aliases.begin(), aliases.end(), same);
}

lua::ProfilePtr Stage::profile() {
    if (profile_) return profile_;
    auto made = std::make_shared<lua::Profile>();
    made->id = ++profiles_;
    auto ordered = set_->plugins;
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const auto& a, const auto& b) { return a->declaration.order < b->declaration.order; });
    for (const auto& plugin : ordered) {
        const auto found = settings_.find(plugin->declaration.name);
        made->plugins.push_back({plugin->declaration.name, found == settings_.end() ? "{}" : found->second});
    }
    profile_ = std::move(made);
    return profile_;
}

lua::AccountView Stage::account() {
    lua::AccountView view;
    view.account_id = 1;
    view.address = address;
    view.aliases = aliases;
    view.recipient = address;
    view.profile = profile();
    for (const auto& plugin : set_->plugins) {
        if (!plugin->declaration.reads_state) continue;
        auto& state = view.state[plugin->declaration.name];
        for (const auto& [key, kept] : kept_)
            if (key.first == plugin->declaration.name && (kept.expires_s == 0 || kept.expires_s > now_s)) state[key.second] = kept.value;
    }
    return view;
}

lua::Job Stage::job_of(lua::Hook hook) {
    lua::Job job;
    job.hook = hook;
    job.now_s = now_s;
    job.id = cat("test-", ++mails_);
    job.trace = true;
    job.profile = profile();
    return job;
}

Outcome Stage::mail(const Envelope& envelope, const std::string& content) {
    const auto summary = mail::make_summary(content);
    lua::MailJob job;
    job.message = job_of(lua::Hook::message);
    lua::SessionView session;
    session.id = job.message.id;
    session.protocol = envelope.from_account ? "submission" : "smtp";
    session.peer = "192.0.2.1";
    session.helo = "client.example";
    session.sender = envelope.sender;
    session.recipients = envelope.to.size();
    session.accepted = envelope.to;
    job.message.session = std::move(session);
    if (envelope.from_account) job.message.account = account();
    lua::MailView view;
    view.id = job.message.id;
    view.sender = envelope.sender;
    view.authenticated = envelope.from_account;
    view.bytes = content;
    view.size = envelope.size != 0 ? envelope.size : content.size();
    view.summary = &summary;
    job.message.mail = std::move(view);
    for (const auto& to : envelope.to) {
        if (!is_own(to) || !job.recipients.empty()) continue;
        job.recipients.push_back(account());
        job.recipients.back().recipient = to;
    }
    auto decided = engine_.run(job);
    Outcome outcome;
    take(std::move(decided.message), outcome);
    for (auto& one : decided.recipients) take(std::move(one), outcome);
    return outcome;
}

Outcome Stage::run(lua::Job job, bool for_account) {
    auto whole = job_of(job.hook);
    whole.session = std::move(job.session);
    whole.mail = std::move(job.mail);
    whole.change = std::move(job.change);
    whole.usage = std::move(job.usage);
    whole.report = std::move(job.report);
    if (for_account) {
        const auto folder = job.account ? job.account->folder : std::string();
        const auto recipient = job.account ? job.account->recipient : address;
        whole.account = account();
        whole.account->folder = folder;
        whole.account->recipient = recipient;
    }
    Outcome outcome;
    take(engine_.run(whole), outcome);
    return outcome;
}

void Stage::take(lua::Decided decided, Outcome& outcome) {
    const auto add = [&outcome](lua::Action action) {
        auto said = sentence(action);
        outcome.done.push_back({std::move(action), std::move(said)});
    };
    for (auto& action : decided.actions) {
        if (const auto* limit = std::get_if<lua::Limit>(&action.what)) {
            if (count(action.plugin, {limit->condition}) == nullptr) continue;
            // A plan that passes a limit is refused as a whole.
            outcome.done.clear();
            action.what = lua::Refusal{kBusyCode, "4.7.1", limit->text};
            add(std::move(action));
            break;
        }
        if (const auto* conditions = conditions_in(action)) {
            if (const auto* failed = count(action.plugin, *conditions)) {
                const auto times = failed->max == 1 ? std::string("once") : cat("at most ", failed->max);
                outcome.reasons.push_back(cat("no ", sentence(action).text, ": ", times, " in ", show_duration(failed->period_s)));
                outcome.held_back.push_back(outcome.reasons.back());
                continue;
            }
        }
        if (const auto* remember = std::get_if<lua::Remember>(&action.what)) keep(action.plugin, *remember);
        add(std::move(action));
    }
    const auto append_all = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append_all(outcome.trace, decided.trace);
    constexpr std::string_view kExplained = "  ";
    for (const auto& line : decided.trace)
        if (line.starts_with(kExplained)) outcome.reasons.emplace_back(trim(line));
    append_all(outcome.failures, decided.failures);
    append_all(outcome.log, decided.log);
}

const lua::Condition* Stage::count(const std::string& plugin, const std::vector<lua::Condition>& conditions) {
    for (const auto& condition : conditions) {
        auto& counted = counts_[{plugin, condition.key}];
        if (now_s >= counted.since_s + condition.period_s) counted = {0, now_s};
        if (counted.times >= condition.max) return &condition;
    }
    for (const auto& condition : conditions) ++counts_[{plugin, condition.key}].times;
    return nullptr;
}

void Stage::keep(const std::string& plugin, const lua::Remember& remember) {
    const Key key(plugin, remember.key);
    if (!remember.value) kept_.erase(key);
    else kept_[key] = {*remember.value, remember.ttl_s == 0 ? 0 : now_s + remember.ttl_s};
}

}  // namespace tayori::admin::kit
