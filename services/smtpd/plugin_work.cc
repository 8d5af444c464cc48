#include "smtpd/plugin_work.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/daemon/plugin_effects.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

namespace {

v1::LeasePluginWork lease_request(const daemon::Plugins& plugins) {
    v1::LeasePluginWork request;
    request.set_wait_ms(static_cast<std::uint32_t>(kWorkWait.count()));
    for (auto& name : plugins.with_hook("daily")) request.add_daily(std::move(name));
    for (auto& name : plugins.with_hook("quota")) request.add_quota(std::move(name));
    return request;
}

lua::UsageView usage_view(const v1::PluginUsage& usage) {
    return {usage.used_bytes(), usage.quota_bytes(), usage.used_messages(), usage.quota_messages(), usage.full_at_s()};
}

}  // namespace

Async<void> PluginWork::take_work() {
    auto pause = kWorkPause;
    for (;;) {
        auto request = lease_request(plugins_);
        if (request.daily().empty() && request.quota().empty()) {
            co_await loop_.sleep(kNoWorkPause);
            continue;
        }
        const rpc::CallOptions patient{kWorkWait + kWorkSlack};
        auto reply = co_await spool_.call(std::move(request), {}, patient).result();
        if (reply) {
            pause = kWorkPause;
            if (reply->work().lease_id() == 0) continue;
            const auto lease = reply->work().lease_id();
            auto done = co_await carry(std::move(*reply->mutable_work())).result();
            if (done) continue;
            log_warn("plugins' work is left for later", {{"lease", lease}, {"why", done.error().text}, {"detail", done.error().detail}});
        } else if (reply.error().kind != Kind::busy) {
            log_warn("no work of plugins is leased", {{"kind", to_string(reply.error().kind)}, {"why", reply.error().text}});
        }
        if (spool_.healthy()) co_await loop_.sleep(pause);
        else co_await loop_.wait(spool_.connected(), loop_.in(pause));
        pause = std::min(2 * pause, kWorkPauseMax);
    }
}

Async<void> PluginWork::carry(v1::PluginWork work) {
    const auto hook = work.kind() == v1::PLUGIN_WORK_KIND_QUOTA ? lua::Hook::quota : lua::Hook::daily;
    const auto until = loop_.in(std::chrono::seconds(std::max(work.seconds(), 1U)));
    // Of the directory, not of the lease: aliases come with it, and settings may have changed since.
    auto account = co_await plugins_.account(work.account_id(), work.address());
    account = co_await plugins_.with_state(std::move(account), hook);
    lua::Decided decided;
    const auto id = hex_encode(crypto::random_bytes(8));
    if (plugins_.has(account.profile, hook)) {
        lua::Job job;
        job.hook = hook;
        job.id = id;
        job.account = account;
        if (hook == lua::Hook::quota) job.usage = usage_view(work.usage());
        decided = co_await plugins_.run(std::move(job));
    }
    for (const auto& action : decided.actions) {
        const auto* expire = std::get_if<lua::Expire>(&action.what);
        if (expire == nullptr) continue;
        Expirer expirer(loop_, spool_, work.ticket(), until);
        const auto gone = co_await expirer.run(*expire, clock_.now_ms() / kMillisPerSecond);
        if (gone > 0) log_info("expired", {{"id", id}, {"account", work.address()}, {"plugin", action.plugin}, {"mails", gone}});
    }
    auto finish = daemon::plugin_effects(account, decided);
    finish.set_lease_id(work.lease_id());
    finish.set_trace_id(id);
    co_await spool_.call(std::move(finish));
}

}  // namespace tayori::smtp
