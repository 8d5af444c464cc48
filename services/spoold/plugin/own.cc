#include "spoold/plugin/own.h"

#include <map>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "spoold/plugin/scope.h"

namespace tayori::spool {
namespace {

using Json = nlohmann::json;

// The owner's name for a switch wins over a setting of that name.
const plugin::Setting* own_setting(const plugin::Declaration& declaration, std::string_view name) {
    for (const auto& setting : declaration.settings) {
        if (setting.user && setting.name == name && !(declaration.user && name == kOwnSwitch)) return &setting;
    }
    return nullptr;
}

bool is_text(plugin::Type type) {
    switch (type) {
        case plugin::Type::text:
        case plugin::Type::choice:
        case plugin::Type::address:
        case plugin::Type::pattern:
        case plugin::Type::date: return true;
        case plugin::Type::boolean:
        case plugin::Type::integer:
        case plugin::Type::size:
        case plugin::Type::duration:
        case plugin::Type::record:
        case plugin::Type::list: return false;
    }
    return false;
}

std::string text_of(const plugin::Setting& setting, const Json& value) {
    if (is_text(setting.type) && value.is_string()) return value.get<std::string>();
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// As JSON for check_settings(), which takes numbers, sizes and booleans as people write them.
Result<Json> json_of(const plugin::Setting& setting, const std::string& text) {
    if (setting.type != plugin::Type::record && setting.type != plugin::Type::list) return Json(text);
    auto json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return fail(Kind::invalid, cat(setting.name, " is a ", setting.type == plugin::Type::list ? "list" : "record", ": write it as JSON."));
    return json;
}

Result<Scope> scope_of(const Rows& rows, std::uint64_t account) {
    auto row = read_row<stored::v1::StoredAccount>(rows, row_key::account(account));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, "There is no such account.");
    return find_scope(rows, (*row)->address());
}

// What is asked of one plugin.
struct Asked {
    DeclaredPtr declared;
    std::optional<v1::PluginChoice> choice;
    Json set = Json::object();
    std::vector<std::string> unset;
};

Result<v1::PluginChoice> choice_of(const v1::OwnSetting& setting) {
    if (!setting.has_text()) return v1::PLUGIN_CHOICE_UNSPECIFIED;
    const auto text = to_lower(setting.text());
    if (text == "true" || text == "yes" || text == "on" || text == "1") return v1::PLUGIN_CHOICE_ENABLED;
    if (text == "false" || text == "no" || text == "off" || text == "0") return v1::PLUGIN_CHOICE_DISABLED;
    return fail(Kind::invalid, cat(setting.plugin(), "/", kOwnSwitch, ": write true or false."));
}

Result<std::map<std::string, Asked>> sort_out(const Declarations& declarations, const v1::SetOwnSettings& request) {
    std::map<std::string, Asked> asked;
    if (static_cast<std::size_t>(request.settings_size()) > kOwnSettingsMax)
        return fail(Kind::invalid, cat("At most ", kOwnSettingsMax, " settings at once."));
    for (const auto& setting : request.settings()) {
        auto& one = asked[setting.plugin()];
        if (one.declared == nullptr) one.declared = declarations.find(setting.plugin());
        const auto denied = [&] {
            return fail(Kind::denied, cat(setting.plugin(), "/", setting.name(), " is no setting that the owner of an account can change."));
        };
        if (one.declared == nullptr) return denied();
        const auto& declaration = one.declared->declaration;
        if (declaration.user && setting.name() == kOwnSwitch) {
            auto choice = choice_of(setting);
            if (!choice) return fail(std::move(choice.error()));
            one.choice = *choice;
            continue;
        }
        const auto* known = own_setting(declaration, setting.name());
        if (known == nullptr) return denied();
        if (!setting.has_text()) {
            one.unset.push_back(setting.name());
            continue;
        }
        auto json = json_of(*known, setting.text());
        if (!json) return fail(std::move(json.error()));
        one.set[setting.name()] = std::move(*json);
    }
    return asked;
}

// An approval is an administrator's: the owner's switch is an entry of its own.
Result<void> apply_own(StoredPluginSettings& own, const Scope& scope, const Asked& asked) {
    v1::SetPluginRequest request;
    request.mutable_at()->set_plugin(asked.declared->declaration.name);
    if (!asked.set.empty()) request.set_set_json(asked.set.dump(-1, ' ', false, Json::error_handler_t::replace));
    for (const auto& name : asked.unset) request.add_unset(name);
    if (!asked.set.empty() || !asked.unset.empty()) {
        if (auto applied = apply_settings(own, scope, *asked.declared, request); !applied) return applied;
    }
    if (!asked.choice) return {};
    auto* entry = own_entry_for(own, asked.declared->declaration.name);
    if (entry == nullptr) return fail(Kind::over_quota, "The account has too many plugin settings.");
    entry->set_choice(static_cast<std::uint32_t>(*asked.choice));
    drop_empty_entries(own);
    return {};
}

}  // namespace

Result<v1::GetOwnSettingsReply> get_own_settings(const CorePtr& core, const Declarations& declarations, std::uint64_t account) {
    const SnapshotRows rows(core->store.snapshot());
    auto scope = scope_of(rows, account);
    if (!scope) return fail(std::move(scope.error()));
    auto settings = ScopeSettings::read(rows, *scope);
    if (!settings) return fail(std::move(settings.error()));
    v1::GetOwnSettingsReply reply;
    reply.set_postmaster(cat("postmaster@", scope->domain));
    const auto add = [&reply](const std::string& plugin, std::string_view name, std::string text) {
        auto& one = *reply.add_settings();
        one.set_plugin(plugin);
        one.set_name(std::string(name));
        one.set_text(std::move(text));
    };
    for (const auto& declared : declarations.all()) {
        const auto& declaration = declared->declaration;
        const auto scoped = settings->rows(*scope);
        if (declaration.user) add(declaration.name, kOwnSwitch, is_enabled(scoped, declaration.name) ? "true" : "false");
        const auto effective = Json::parse(plugin::with_defaults(declaration, settings_of(scoped, declaration)), nullptr, false);
        for (const auto& setting : declaration.settings) {
            if (own_setting(declaration, setting.name) == nullptr || !effective.is_object() || !effective.contains(setting.name)) continue;
            add(declaration.name, setting.name, text_of(setting, effective[setting.name]));
        }
    }
    return reply;
}

void set_own_settings(const CorePtr& core, const Declarations& declarations, std::uint64_t account, const v1::SetOwnSettings& request,
                      Answer<v1::SetOwnSettingsReply> done) {
    auto asked = sort_out(declarations, request);
    if (!asked) return done(fail(std::move(asked.error())));
    submit_change<v1::SetOwnSettingsReply>(
        core, store::Effect::shrinks,
        [account, asked = std::move(*asked)](store::Transaction& transaction) -> Result<v1::SetOwnSettingsReply> {
            const TransactionRows rows(transaction);
            auto scope = scope_of(rows, account);
            if (!scope) return fail(std::move(scope.error()));
            auto settings = ScopeSettings::read(rows, *scope);
            if (!settings) return fail(std::move(settings.error()));
            auto& own = settings->own(*scope);
            for (const auto& [plugin, one] : asked) {
                if (auto applied = apply_own(own, *scope, one); !applied) return fail(std::move(applied.error()));
            }
            write_settings_row(transaction, *scope, own);
            return v1::SetOwnSettingsReply();
        },
        std::move(done));
}

}  // namespace tayori::spool
