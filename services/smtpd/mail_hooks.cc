#include "smtpd/mail_hooks.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/mail/header.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/hooks.h"
#include "smtpd/text.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

namespace {

constexpr std::size_t kAcceptedShownMax = 1000;  // SessionView::accepted

// What plugins read on another thread: it lives as long as they do, whatever becomes of the client.
struct SeenMail {
    std::string bytes;
    mail::Summary summary;
};

// By the null path, and it says so (RFC 3834 §5): a program's.
bool is_automatic(const std::string& sender, std::string_view header) {
    if (!sender.empty()) return false;
    const auto field = mail::find_field(header, "Auto-Submitted");
    if (!field) return false;
    const auto value = mail::unfold(*field);
    return !equals_ignoring_case(trim(std::string_view(value).substr(0, value.find_first_of(";("))), "no");
}

template <class Has>
bool any_hook(const lua::ProfilePtr& sender, const std::vector<PlanRecipient>& recipients, Has has) {
    if (has(sender, lua::Hook::headers) || has(sender, lua::Hook::message)) return true;
    return std::any_of(recipients.begin(), recipients.end(), [&](const PlanRecipient& recipient) {
        const auto& profiles = recipient.profiles;
        return std::any_of(profiles.begin(), profiles.end(), [&](const lua::ProfilePtr& one) { return has(one, lua::Hook::deliver); });
    });
}

bool may_tell_failure(std::uint32_t notify) { return notify == 0 || (notify & kNotifyFailure) != 0; }

}  // namespace

bool want_mail(daemon::Plugins& plugins, const lua::ProfilePtr& sender, const std::vector<PlanRecipient>& recipients) {
    return any_hook(sender, recipients, [&](const lua::ProfilePtr& profile, lua::Hook hook) { return plugins.has(profile, hook); });
}

bool want_mail_now(daemon::Plugins& plugins, const lua::ProfilePtr& sender, const std::vector<PlanRecipient>& recipients,
                   std::uint64_t bytes) {
    return any_hook(sender, recipients, [&](const lua::ProfilePtr& profile, lua::Hook hook) { return plugins.has_now(profile, hook, bytes); });
}

Async<HooksDone> run_mail_hooks(daemon::Plugins& plugins, MailHooks hooks, std::vector<PlanHere> here, Text& text,
                                v1::CommitPlan& plan, PluginMail mail, mail::Summary summary) {
    mail.automatic = is_automatic(mail.sender, summary.header);
    auto seen = std::make_shared<SeenMail>();
    seen->bytes = text.take_head(plan);
    seen->summary = std::move(summary);

    lua::MailJob job;
    job.message.hook = lua::Hook::message;
    job.message.id = plan.trace_id();
    job.message.session = std::move(hooks.session);
    for (const auto& recipient : hooks.recipients)
        if (job.message.session->accepted.size() < kAcceptedShownMax) job.message.session->accepted.push_back(recipient.path);
    job.message.profile = hooks.sender.profile;
    if (hooks.sender.account_id != 0) job.message.account = std::move(hooks.sender);
    auto& view = job.message.mail.emplace();
    view.id = plan.trace_id();
    view.sender = mail.sender;
    view.authenticated = mail.account_id != 0;
    view.bytes = seen->bytes;
    view.size = text.bytes();
    view.summary = &seen->summary;
    view.keep = seen;

    std::vector<PlanAccount> accounts;
    accounts.reserve(here.size());
    job.recipients.reserve(here.size());
    for (const auto& place : here) {
        const auto& recipient = hooks.recipients[place.recipient];
        const auto& target = recipient.targets[place.target];
        lua::ProfilePtr profile;
        if (!recipient.profiles.empty()) profile = recipient.profiles[place.target];
        auto account = account_view(target, recipient.path, std::move(profile));
        if (plugins.reads_state(account.profile, lua::Hook::deliver))
            account = co_await plugins.with_state(std::move(account), lua::Hook::deliver);
        accounts.push_back({account.account_id, account.address, recipient.path, may_tell_failure(recipient.notify)});
        job.recipients.push_back(std::move(account));
    }
    auto decided = co_await plugins.run_mail(std::move(job));

    HooksDone done;
    done.summary = std::move(seen->summary);
    PluginPlan effects(plan, std::move(mail));
    for (const auto& decision : hooks.decisions) effects.add(decision);
    done.verdict = effects.apply(decided, accounts);
    co_return done;
}

}  // namespace tayori::smtp
