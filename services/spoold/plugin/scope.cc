#include "spoold/plugin/scope.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/plugin/near_names.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/imported.h"
#include "spoold/directory/plugin_rows.h"

namespace tayori::spool {
namespace {

constexpr std::uint32_t kOrderMax = 100;

using Entry = StoredPluginSettings::Entry;

Error room_is_over() {
    return Error::make(Kind::over_quota, cat("At most ", kPluginSettingsMax, " entries for plugins can be set in one place."));
}

// Takes members out of settings; invalid names what is not there to be taken out.
Result<std::string> without(const std::string& json, const v1::SetPluginRequest& request, const plugin::Declaration& declaration) {
    auto object = nlohmann::json::parse(json.empty() ? "{}" : json, nullptr, false);
    if (!object.is_object()) object = nlohmann::json::object();
    for (const auto& name : request.unset()) {
        std::vector<std::string_view> names;
        for (const auto& setting : declaration.settings) names.push_back(setting.name);
        // One that the plugin had once may still be set.
        const bool known = object.contains(name) || std::find(names.begin(), names.end(), name) != names.end();
        if (!known) return fail(Kind::invalid, cat("The plugin ", declaration.name, " has no setting \"", name, "\": ",
                                                 names.empty() ? std::string("it takes none.") : plugin::did_you_mean(name, names)));
        object.erase(name);
    }
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<void> check_imports(const StoredPluginSettings& own, const plugin::Declaration& declaration) {
    for (const auto& entry : own.entries()) {
        if (entry.plugin() != declaration.name || entry.file().empty()) continue;
        auto checked = plugin::check_settings(declaration, plugin::Scope::account, entry.json(), plugin::Strictness::imported);
        if (!checked)
            return fail(Kind::invalid, cat("What was imported from ", entry.file(), " is not what the plugin ", declaration.name,
                                           " takes: ", checked.error().text));
    }
    return {};
}

Result<void> check_own(const StoredPluginSettings& own, const Scope& scope, const plugin::Declaration& declaration) {
    const auto* entry = own_entry(own, declaration.name);
    if (entry == nullptr || entry->json().empty()) return {};
    auto checked = plugin::check_settings(declaration, scope.kind, entry->json());
    if (!checked)
        return fail(Kind::invalid, cat("What is set here is not what the plugin ", declaration.name, " takes any more: ",
                                       checked.error().text, " Unset it or set it anew first."));
    return {};
}

}  // namespace

std::string Scope::row_key() const {
    return kind == plugin::Scope::account ? row_key::plugin_settings(account) : row_key::scope_plugin_settings(name);
}

Result<Scope> find_scope(const Rows& rows, const std::string& scope) {
    Scope out;
    out.kind = kind_of_scope(scope);
    if (out.kind == plugin::Scope::site) return out;
    if (out.kind == plugin::Scope::domain) {
        auto domain = parse_domain(scope);
        if (!domain) return fail(std::move(domain.error()));
        auto row = rows.get(row_key::domain(*domain));
        if (!row) return fail(std::move(row.error()));
        if (!*row) return fail(Kind::not_found, cat("There is no domain ", *domain, "."));
        out.name = out.domain = std::move(*domain);
        return out;
    }
    auto account = find_account(rows, scope);
    if (!account) return fail(std::move(account.error()));
    out.account = account->id;
    out.name = account->account.address();
    out.domain = out.name.substr(out.name.rfind('@') + 1);
    return out;
}

Result<ScopeSettings> ScopeSettings::read(const Rows& rows, const Scope& scope) {
    ScopeSettings out;
    const auto get = [&rows](const std::string& key, StoredPluginSettings& into) -> Result<void> {
        auto row = read_row<StoredPluginSettings>(rows, key);
        if (!row) return fail(std::move(row.error()));
        if (*row) into = std::move(**row);
        return {};
    };
    auto got = get(row_key::scope_plugin_settings({}), out.site);
    if (got && !scope.domain.empty()) got = get(row_key::scope_plugin_settings(scope.domain), out.domain);
    if (got && scope.account != 0) got = get(row_key::plugin_settings(scope.account), out.account);
    if (!got) return fail(std::move(got.error()));
    return out;
}

StoredPluginSettings& ScopeSettings::own(const Scope& scope) {
    switch (scope.kind) {
        case plugin::Scope::site: return site;
        case plugin::Scope::domain: return domain;
        case plugin::Scope::account: break;
    }
    return account;
}

ScopedRows ScopeSettings::rows(const Scope& scope) const {
    ScopedRows out;
    out.site = &site;
    if (scope.kind != plugin::Scope::site) out.domain = &domain;
    if (scope.kind == plugin::Scope::account) out.account = &account;
    return out;
}

void write_settings_row(store::Transaction& transaction, const Scope& scope, const StoredPluginSettings& own) {
    if (own.entries().empty()) transaction.erase(scope.row_key());
    else write_row(transaction, scope.row_key(), own);
    note_plugins_used(transaction, own);
}

v1::PluginView view_of(const ScopeSettings& settings, const Scope& scope, const std::string& plugin, const DeclaredPtr& declared) {
    v1::PluginView view;
    view.mutable_at()->set_plugin(plugin);
    view.mutable_at()->set_scope(scope.name);
    const auto& own = const_cast<ScopeSettings&>(settings).own(scope);
    if (const auto* entry = own_entry(own, plugin)) {
        view.set_choice(static_cast<v1::PluginChoice>(entry->choice()));
        view.set_own_json(entry->json());
    }
    for (const auto& entry : own.entries()) {
        if (entry.plugin() != plugin || entry.file().empty()) continue;
        auto& imported = *view.add_imported();
        imported.set_file(entry.file());
        imported.set_json(entry.json());
        imported.set_approved(entry.enabled());
    }
    const auto rows = settings.rows(scope);
    view.set_enabled(is_enabled(rows, plugin));
    if (declared == nullptr) return view;
    view.set_declaration_json(declared->json);
    view.set_order(order_of(rows, declared->declaration));
    view.set_effective_json(plugin::with_defaults(declared->declaration, settings_of(rows, declared->declaration)));
    return view;
}

Result<void> apply_choice(StoredPluginSettings& own, const Scope& scope, const std::string& plugin, const DeclaredPtr& declared,
                          v1::PluginChoice choice) {
    if (choice == v1::PLUGIN_CHOICE_ENABLED) {
        if (auto checked = check_own(own, scope, declared->declaration); !checked) return checked;
        if (auto checked = check_imports(own, declared->declaration); !checked) return checked;
    }
    // Disabling leaves an approval as it is: to enable again brings the same back. Who says nothing any more approves nothing.
    if (choice != v1::PLUGIN_CHOICE_DISABLED) {
        for (auto& entry : *own.mutable_entries()) {
            if (entry.plugin() == plugin && !entry.file().empty()) entry.set_enabled(choice == v1::PLUGIN_CHOICE_ENABLED);
        }
    }
    auto* entry = own_entry_for(own, plugin);
    if (entry == nullptr) return fail(room_is_over());
    entry->set_choice(static_cast<std::uint32_t>(choice));
    drop_empty_entries(own);
    return {};
}

Result<void> apply_settings(StoredPluginSettings& own, const Scope& scope, const Declared& declared, const v1::SetPluginRequest& request) {
    const auto& declaration = declared.declaration;
    auto* entry = own_entry_for(own, declaration.name);
    if (entry == nullptr) return fail(room_is_over());
    auto left = without(entry->json(), request, declaration);
    if (!left) return fail(std::move(left.error()));
    std::vector<std::string> layers{std::move(*left)};
    if (!request.set_json().empty()) {
        auto checked = plugin::check_settings(declaration, scope.kind, request.set_json());
        if (!checked) return fail(std::move(checked.error()));
        layers.push_back(std::move(*checked));
    }
    auto json = plugin::merge_settings(layers);
    if (json.size() > plugin::kSettingsBytesMax)
        return fail(Kind::too_big, cat("The settings of a plugin have at most ", plugin::kSettingsBytesMax, " octets in one place."));
    entry->set_json(std::move(json));
    if (request.has_order()) {
        if (scope.kind != plugin::Scope::site) return fail(Kind::invalid, "The order of plugins is the site's: leave out domain and account.");
        if (request.order() > kOrderMax) return fail(Kind::invalid, cat("An order is between 1 and ", kOrderMax, ", and lower runs first; 0 is the declared one."));
        entry->set_order(request.order());
    }
    drop_empty_entries(own);
    return {};
}

}  // namespace tayori::spool
