#include "common/daemon/plugin_effects.h"

namespace tayori::daemon {

namespace v1 = rpc::v1;

void put_condition(v1::PluginCondition& to, const lua::Condition& from, std::uint64_t account_id, const std::string& plugin) {
    to.set_account_id(account_id);
    to.set_plugin(plugin);
    to.set_key(from.key);
    to.set_max(from.max);
    to.set_period_s(from.period_s);
}

void put_limit(v1::PluginLimit& to, const lua::Limit& from, std::uint64_t account_id, const std::string& plugin) {
    put_condition(*to.mutable_condition(), from.condition, account_id, plugin);
    to.mutable_refused()->set_kind(v1::ERROR_KIND_BUSY);
    to.mutable_refused()->set_text(from.text.empty() ? "Too many at a time, try again later." : from.text);
}

void put_state(v1::PluginStateChange& to, const lua::Remember& from, std::uint64_t account_id, const std::string& plugin) {
    to.set_account_id(account_id);
    to.set_plugin(plugin);
    to.set_key(from.key);
    to.set_erase(!from.value);
    if (from.value) to.set_value(*from.value);
    to.set_ttl_s(from.ttl_s);
}

namespace {

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
            put_limit(*work.add_limits(), *limit, whose.account_id, action.plugin);
        } else if (const auto* kept = std::get_if<lua::Remember>(&action.what)) {
            put_state(*work.add_state(), *kept, whose.account_id, action.plugin);
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
