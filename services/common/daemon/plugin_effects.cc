#include "common/daemon/plugin_effects.h"

namespace tayori::daemon {

namespace v1 = rpc::v1;

namespace {

void put_condition(v1::PluginCondition& to, const lua::Condition& from, std::uint64_t account_id, const std::string& plugin) {
    to.set_account_id(account_id);
    to.set_plugin(plugin);
    to.set_key(from.key);
    to.set_max(from.max);
    to.set_period_s(from.period_s);
}

void put_mail(v1::FinishPluginWork& work, const lua::Compose& compose, std::uint64_t account_id, const std::string& plugin) {
    if (work.mails_size() >= kEffectMailsMax || compose.content.size() > kEffectContentBytesMax) return;
    auto& mail = *work.add_mails();
    mail.set_content(compose.content);
    mail.add_recipients(compose.to);
    for (const auto& one : compose.conditions) put_condition(*mail.add_conditions(), one, account_id, plugin);
}

}  // namespace

v1::FinishPluginWork plugin_effects(const lua::AccountView& whose, const lua::Decided& decided) {
    v1::FinishPluginWork work;
    for (const auto& action : decided.actions) {
        if (const auto* limit = std::get_if<lua::Limit>(&action.what)) {
            auto& made = *work.add_limits();
            put_condition(*made.mutable_condition(), limit->condition, whose.account_id, action.plugin);
            made.mutable_refused()->set_kind(v1::ERROR_KIND_BUSY);
            made.mutable_refused()->set_text(limit->text.empty() ? "Too many at a time, try again later." : limit->text);
        } else if (const auto* kept = std::get_if<lua::Remember>(&action.what)) {
            auto& change = *work.add_state();
            change.set_account_id(whose.account_id);
            change.set_plugin(action.plugin);
            change.set_key(kept->key);
            change.set_erase(!kept->value);
            if (kept->value) change.set_value(*kept->value);
            change.set_ttl_s(kept->ttl_s);
        } else if (const auto* compose = std::get_if<lua::Compose>(&action.what)) {
            put_mail(work, *compose, whose.account_id, action.plugin);
        }
    }
    return work;
}

bool has_effects(const v1::FinishPluginWork& work) {
    return !work.limits().empty() || !work.state().empty() || !work.mails().empty();
}

}  // namespace tayori::daemon
