#include "smtpd/hooks.h"

#include <utility>

#include "common/daemon/plugins.h"
#include "smtpd/plugin_plan.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

namespace {

std::string_view protocol_name(const Session& session) {
    if (session.is_lmtp()) return "lmtp";
    return session.is_submission() ? "submission" : "smtp";
}

// Whose plugins look at the session: of who has logged in, else the site's.
Async<lua::AccountView> who_of(Session& session) {
    auto& plugins = session.parts().plugins;
    if (session.login()) {
        auto view = co_await plugins.account(session.login()->account_id, session.login()->address);
        co_return view;
    }
    lua::AccountView nobody;
    nobody.profile = co_await plugins.site();
    co_return nobody;
}

lua::Job session_job(Session& session, lua::Hook hook) {
    lua::Job job;
    job.hook = hook;
    job.id = session.id();
    job.session = session_view(session);
    job.profile = session.who().profile;
    if (session.who().account_id != 0) job.account = session.who();
    return job;
}

void keep_decisions(std::uint64_t account_id, const std::string& address, lua::Decided& decided, std::vector<PluginDecision>& to) {
    for (auto& action : decided.actions) to.push_back({account_id, address, std::move(action)});
}

}  // namespace

lua::SessionView session_view(Session& session) {
    lua::SessionView view;
    const auto& envelope = session.envelope();
    view.id = session.id();
    view.protocol = protocol_name(session);
    view.peer = session.peer_ip();
    view.helo = session.helo();
    view.tls = session.conn().is_tls();
    view.sender = envelope.reverse_path;
    view.declared_size = envelope.declared_bytes;
    view.recipients = envelope.recipients.size();
    return view;
}

lua::AccountView account_view(const v1::Target& target, const std::string& path, lua::ProfilePtr profile) {
    static const auto nothing = std::make_shared<const lua::Profile>();
    lua::AccountView view;
    view.account_id = target.account_id();
    view.address = target.address();
    view.aliases.assign(target.aliases().begin(), target.aliases().end());
    view.recipient = path;
    view.detail = target.detail();
    view.profile = profile != nullptr ? std::move(profile) : nothing;
    return view;
}

Async<std::optional<lua::Refusal>> run_session_hook(Session& session, lua::Hook hook) {
    auto& plugins = session.parts().plugins;
    std::optional<lua::Refusal> refusal;
    // At MAIL the profile is taken for the hooks behind the text, too.
    const bool needed = plugins.anybody_has(hook) ||
                        (hook == lua::Hook::mail && (plugins.anybody_has(lua::Hook::headers) || plugins.anybody_has(lua::Hook::message) ||
                                                     plugins.anybody_has(lua::Hook::rcpt)));
    if (!needed) co_return refusal;
    session.who() = co_await who_of(session);
    if (!plugins.has_now(session.who().profile, hook, session.envelope().declared_bytes)) co_return refusal;
    auto job = session_job(session, hook);
    auto decided = co_await plugins.run(std::move(job));
    if (const auto* no = decided.refusal()) {
        refusal = *no;
        co_return refusal;
    }
    for (const auto& action : decided.actions) {
        if (const auto* size = std::get_if<lua::AnnounceSize>(&action.what)) session.limit_size(size->octets);
    }
    // Of a login it is counted and kept at once, as no mail may follow.
    if (hook == lua::Hook::auth) co_await plugins.apply(session.who(), std::move(decided));
    else keep_decisions(session.who().account_id, session.who().address, decided,
                        hook == lua::Hook::mail ? session.envelope().decisions : session.decisions());
    co_return refusal;
}

Async<std::vector<lua::ProfilePtr>> target_profiles(daemon::Plugins& plugins, const std::vector<v1::Target>& targets) {
    std::vector<lua::ProfilePtr> profiles;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (targets[i].plugin_profile() == 0) continue;
        profiles.resize(targets.size());
        profiles[i] = co_await plugins.profile(targets[i].account_id(), targets[i].plugin_profile());
    }
    co_return profiles;
}

Async<std::optional<lua::Refusal>> run_rcpt_hooks(Session& session, const PlanRecipient& recipient) {
    auto& plugins = session.parts().plugins;
    std::optional<lua::Refusal> refusal;
    const auto bytes = session.envelope().declared_bytes;
    const bool own_looks = session.who().account_id != 0 && plugins.has_now(session.who().profile, lua::Hook::rcpt, bytes);
    std::vector<PluginDecision> decisions;
    const auto targets = recipient.profiles.size();
    for (std::size_t i = 0; i <= targets; ++i) {
        // Last, the look from the sender's side.
        const bool own = i == targets;
        if (own && !own_looks) break;
        if (!own && !plugins.has_now(recipient.profiles[i], lua::Hook::rcpt, bytes)) continue;
        auto job = session_job(session, lua::Hook::rcpt);
        job.session->recipient = recipient.path;
        job.session->outgoing = own;
        if (!own) job.account = account_view(recipient.targets[i], recipient.path, recipient.profiles[i]);
        if (plugins.reads_state(job.account->profile, lua::Hook::rcpt))
            job.account = co_await plugins.with_state(std::move(*job.account), lua::Hook::rcpt);
        const auto account_id = job.account->account_id;
        const auto address = job.account->address;
        auto decided = co_await plugins.run(std::move(job));
        if (const auto* no = decided.refusal()) {
            refusal = *no;
            co_return refusal;
        }
        keep_decisions(account_id, address, decided, decisions);
    }
    auto& kept = session.envelope().decisions;
    for (auto& decision : decisions) {
        if (kept.size() < kDecisionsKeptMax) kept.push_back(std::move(decision));
    }
    co_return refusal;
}

}  // namespace tayori::smtp
