#include "common/daemon/plugins.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/daemon/plugin_effects.h"
#include "common/net/offload.h"
#include "common/plugin/declaration.h"

namespace tayori::daemon {

namespace v1 = rpc::v1;

namespace {

mail::DsnLanguage notice_language(settings::NoticeLanguage language) {
    switch (language) {
        case settings::NoticeLanguage::en: return mail::DsnLanguage::english;
        case settings::NoticeLanguage::ja: return mail::DsnLanguage::japanese;
        case settings::NoticeLanguage::both: return mail::DsnLanguage::both;
    }
    return mail::DsnLanguage::english;
}

std::size_t bytes_of(const v1::PluginProfile& profile) {
    std::size_t bytes = 0;
    for (const auto& plugin : profile.plugins()) bytes += plugin.plugin().size() + plugin.settings_json().size();
    return bytes;
}

}  // namespace

Plugins::Plugins(Daemon& daemon, const settings::Settings& settings)
    : daemon_(daemon),
      settings_(settings),
      program_(daemon.program()),
      places_(plugin_places(settings)),
      limits_(plugin_limits(settings.plugins)),
      host_(daemon.loop(), daemon.clock(), limits_),
      nobody_(std::make_shared<lua::Profile>()),
      metrics_(daemon.metrics()) {
    host_.trust(places_.shipped);
    auto loaded = load_at_start(places_, limits_);
    load_error_ = std::move(loaded.error);
    if (!load_error_.empty()) log_error("plugins were left out", {{"why", load_error_}, {"site", places_.site}});
    adopt(std::move(loaded.set));
    host_.on_rest([this](const lua::PluginFigures& figures) {
        log_error("plugin rests", {{"plugin", figures.plugin}, {"why", figures.last_failure}, {"until_s", figures.suspended_until_s}});
        tasks_.spawn(tell_postmaster(figures), [](Result<void> told) {
            if (!told) log_warn("the postmaster was not told", {{"why", told.error().text}, {"detail", told.error().detail}});
        });
        want_report();
    });
    tasks_.spawn(follow());
    tasks_.spawn(report());
}

Plugins::~Plugins() = default;

void Plugins::adopt(std::shared_ptr<const lua::PluginSet> set) {
    metrics_.declare(*set);
    log_info("plugins", {{"loaded", set->plugins.size()}});
    host_.use(std::move(set));
    trial_.reset();
    note_hooks();
}

void Plugins::note_hooks() {
    loaded_hooks_ = 0;
    for (const auto* set : {host_.plugins().get(), trial_.get()}) {
        if (set == nullptr) continue;
        for (const auto& plugin : set->plugins) loaded_hooks_ |= lua::hooks_named(plugin->declaration.hooks);
    }
}

std::vector<std::string> Plugins::with_hook(std::string_view hook) const {
    std::vector<std::string> out;
    for (const auto* set : {host_.plugins().get(), trial_.get()}) {
        if (set == nullptr) continue;
        for (const auto& plugin : set->plugins) {
            const auto& declaration = plugin->declaration;
            if (std::find(declaration.hooks.begin(), declaration.hooks.end(), hook) == declaration.hooks.end()) continue;
            if (std::find(out.begin(), out.end(), declaration.name) == out.end()) out.push_back(declaration.name);
        }
    }
    return out;
}

bool Plugins::has(const lua::ProfilePtr& profile, lua::Hook hook) {
    return profile != nullptr && profile->id != 0 && host_.has(profile, hook);
}

bool Plugins::has_now(const lua::ProfilePtr& profile, lua::Hook hook, std::uint64_t bytes) {
    return profile != nullptr && profile->id != 0 && host_.has(profile, hook, {now_s(), bytes});
}

// ---- Whose plugins.

bool Plugins::holds(const KeptAccount& kept) const {
    const auto now = daemon_.spool().directory_state();
    if (kept.directory.epoch != now.epoch || kept.directory.version < now.version) return false;
    return now.version != 0 || daemon_.loop().now() < kept.until;
}

lua::ProfilePtr Plugins::keep(const v1::PluginProfile& profile) {
    if (profile.profile() == 0 || profile.plugins().empty()) return nobody_;
    if (const auto found = profiles_.find(profile.profile()); found != profiles_.end()) return found->second;
    const auto bytes = bytes_of(profile);
    if (profiles_.size() >= kProfilesKeptMax || profile_bytes_ + bytes > kProfileBytesKeptMax) {
        profiles_.clear();
        profile_bytes_ = 0;
    }
    auto made = std::make_shared<lua::Profile>();
    made->id = profile.profile();
    for (const auto& plugin : profile.plugins()) made->plugins.push_back({plugin.plugin(), plugin.settings_json()});
    profile_bytes_ += bytes;
    return profiles_[made->id] = std::move(made);
}

Async<lua::AccountView> Plugins::ask(std::uint64_t account_id, std::string address) {
    v1::GetPluginProfile request;
    request.set_account_id(account_id);
    const auto epoch = daemon_.spool().directory_state().epoch;
    auto reply = co_await daemon_.spool().call(std::move(request));
    KeptAccount kept;
    kept.view.account_id = account_id;
    kept.view.address = reply.address().empty() ? std::move(address) : reply.address();
    kept.view.aliases.assign(reply.aliases().begin(), reply.aliases().end());
    kept.view.profile = keep(reply.profile());
    kept.directory = {epoch, reply.directory_version()};
    kept.until = daemon_.loop().in(kProfileKept);
    if (accounts_.size() >= kProfilesKeptMax) accounts_.clear();
    auto view = kept.view;
    accounts_[account_id] = std::move(kept);
    co_return view;
}

Async<lua::ProfilePtr> Plugins::site() {
    const auto found = accounts_.find(0);
    if (found != accounts_.end() && holds(found->second)) co_return found->second.view.profile;
    lua::ProfilePtr last;
    if (found != accounts_.end()) last = found->second.view.profile;
    auto asked = co_await ask(0, {}).result();
    if (asked) co_return std::move(asked->profile);
    if (last == nullptr) co_await fail(std::move(asked.error()));
    co_return last;
}

Async<lua::AccountView> Plugins::account(std::uint64_t account_id, std::string address) {
    const auto found = accounts_.find(account_id);
    if (found != accounts_.end() && holds(found->second)) co_return found->second.view;
    auto asked = co_await ask(account_id, std::move(address));
    co_return asked;
}

Async<lua::ProfilePtr> Plugins::profile(std::uint64_t account_id, std::uint64_t profile_id) {
    if (profile_id == 0) co_return nobody_;
    const auto found = profiles_.find(profile_id);
    if (found != profiles_.end()) co_return found->second;
    auto asked = co_await ask(account_id, {});
    co_return std::move(asked.profile);
}

Async<lua::AccountView> Plugins::with_state(lua::AccountView view, lua::Hook hook) {
    for (const auto& plugin : host_.state_readers(view.profile, hook)) {
        v1::GetPluginState request;
        request.set_account_id(view.account_id);
        request.set_plugin(plugin);
        auto reply = co_await daemon_.spool().call(std::move(request));
        auto& rows = view.state[plugin];
        for (const auto& row : reply.rows()) rows[row.key()] = row.value();
    }
    co_return view;
}

// ---- Running.

void Plugins::log_outcome(const lua::Decided& decided, const std::string& id) {
    for (const auto& failure : decided.failures) failure_log_.add(failure, id, daemon_.loop().now());
    for (const auto& line : decided.log) log_info("plugin says", {{"id", id}, {"text", line}});
}

Async<lua::Decided> Plugins::run(lua::Job job) {
    const auto id = job.id;
    job.now_s = now_s();
    auto decided = co_await host_.run(std::move(job));
    log_outcome(decided, id);
    co_return decided;
}

Async<lua::MailDecided> Plugins::run_mail(lua::MailJob job) {
    const auto id = job.message.id;
    job.message.now_s = now_s();
    job.message.spent = spent_;
    auto decided = co_await host_.run(std::move(job));
    log_outcome(decided.message, id);
    for (const auto& one : decided.recipients) log_outcome(one, id);
    co_return decided;
}

void Plugins::learn(const v1::CommitPlanReply& reply) {
    for (const auto& spent : reply.spent()) {
        const auto& condition = spent.condition();
        spent_->add(condition.account_id(), condition.plugin(), {condition.key(), condition.max(), condition.period_s()},
                    spent.for_ms() / kMillisPerSecond, now_s());
    }
}

Async<void> Plugins::apply(lua::AccountView whose, lua::Decided decided) {
    auto work = plugin_effects(whose, decided);
    if (!has_effects(work)) co_return;
    work.set_trace_id(hex_encode(crypto::random_bytes(8)));
    co_await daemon_.spool().call(std::move(work));
}

// ---- Following spoold.

Async<void> Plugins::follow() {
    for (;;) {
        auto said = daemon_.spool().plugin_reload();
        if (said.number() != 0 && said.number() != reload_done_) {
            co_await reload(std::move(said));
            continue;
        }
        co_await daemon_.spool().plugin_reloaded().wait();
    }
}

Async<void> Plugins::reload(v1::PluginReload said) {
    load_error_.clear();
    const auto action = said.action();
    if (action == v1::RELOAD_ACTION_ACCEPT || action == v1::RELOAD_ACTION_REJECT) {
        const bool done = action == v1::RELOAD_ACTION_ACCEPT ? host_.accept_trial() : host_.reject_trial();
        if (done) trial_.reset();
        else load_error_ = "No plugins are on trial here: `adminctl plugin reload --percent N` begins one.";
    } else {
        auto load = [directories = places_.all(), limits = limits_] { return lua::PluginSet::load(directories, limits); };
        auto loaded = co_await net::offload(daemon_.loop(), std::move(load)).result();
        if (!loaded) {
            load_error_ = loaded.error().text;
            log_error("plugins were not loaded anew: the old ones go on", {{"why", load_error_}});
        } else if (action == v1::RELOAD_ACTION_TRY) {
            metrics_.declare(**loaded);
            trial_ = *loaded;
            host_.try_out(std::move(*loaded), said.percent());
            log_info("plugins are on trial", {{"percent", said.percent()}});
        } else {
            adopt(std::move(*loaded));
        }
    }
    note_hooks();
    reload_done_ = said.number();
    want_report();
}

void Plugins::want_report() {
    report_wanted_ = true;
    report_now_.notify();
}

v1::ReportPlugins Plugins::current_report() const {
    auto made = make_report(*host_.plugins(), trial_.get(), host_.figures());
    made.set_reload(reload_done_);
    made.set_error(load_error_);
    made.set_percent(host_.trial_percent());
    return made;
}

Async<void> Plugins::report() {
    std::uint64_t epoch = 0;
    for (;;) {
        while (!daemon_.spool().healthy()) co_await daemon_.spool().connected().wait();
        metrics_.update(host_.figures(), now_s());
        auto made = current_report();
        const auto text = made.SerializeAsString();
        const auto now = daemon_.spool().directory_state().epoch;
        // A spoold that was started anew has forgotten all of it.
        if (text != reported_ || now != epoch) {
            auto told = co_await daemon_.spool().call(std::move(made)).result();
            if (!told) {
                log_debug("plugins were not reported", {{"why", told.error().text}, {"detail", told.error().detail}});
                co_await daemon_.loop().sleep(kPluginRetry);
                continue;
            }
            reported_ = text;
            epoch = now;
        }
        if (!std::exchange(report_wanted_, false)) co_await daemon_.loop().wait(report_now_, daemon_.loop().in(kPluginReportEvery));
    }
}

// ---- The postmaster.

Async<void> Plugins::tell_postmaster(lua::PluginFigures figures) {
    v1::GetPluginProfile of_site;
    auto site = co_await daemon_.spool().call(std::move(of_site));
    if (site.postmaster().empty()) co_return;
    RestNotice notice;
    notice.postmaster = site.postmaster();
    notice.hostname = daemon_.hostname();
    notice.program = program_;
    notice.plugin = figures.plugin;
    notice.failure = figures.last_failure;
    notice.date_s = now_s();
    notice.until_s = figures.suspended_until_s;
    if (const auto* plugin = host_.plugins()->find(figures.plugin))
        notice.tempfail = plugin->declaration.failure == plugin::OnFailure::tempfail;
    notice.number = hex_encode(crypto::random_bytes(8));
    notice.language = notice_language(settings_.outbound.dsn_language);

    v1::FinishPluginWork work;
    work.set_trace_id(notice.number);
    auto& mail = *work.add_mails();
    mail.set_content(rest_notice(notice));
    mail.add_recipients(notice.postmaster);
    auto& condition = *mail.add_conditions();
    condition.set_plugin(figures.plugin);
    condition.set_key(cat("rests/", program_));
    condition.set_max(1);
    condition.set_period_s(kRestNoticePeriod);
    co_await daemon_.spool().call(std::move(work));
}

}  // namespace tayori::daemon
