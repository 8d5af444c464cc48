#include "spoold/plugin/settings.h"

#include <algorithm>
#include <tuple>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/imported.h"
#include "spoold/directory/plugin_rows.h"
#include "spoold/directory/records.h"

namespace tayori::spool {
namespace {

using Entry = StoredPluginSettings::Entry;

v1::PluginChoice choice_in(const StoredPluginSettings* settings, std::string_view plugin) {
    if (settings == nullptr) return v1::PLUGIN_CHOICE_UNSPECIFIED;
    const auto* own = own_entry(*settings, plugin);
    if (own != nullptr && own->choice() != v1::PLUGIN_CHOICE_UNSPECIFIED) return static_cast<v1::PluginChoice>(own->choice());
    const bool approved = std::any_of(settings->entries().begin(), settings->entries().end(), [&](const Entry& entry) {
        return entry.plugin() == plugin && !entry.file().empty() && entry.enabled();
    });
    return approved ? v1::PLUGIN_CHOICE_ENABLED : v1::PLUGIN_CHOICE_UNSPECIFIED;
}

std::string own_json(const StoredPluginSettings* settings, std::string_view plugin) {
    const auto* own = settings == nullptr ? nullptr : own_entry(*settings, plugin);
    return own == nullptr ? std::string() : own->json();
}

// SHA-256 of names and settings, each with its length in front; settings have one form, whatever way they were set.
std::uint64_t profile_id(const v1::PluginProfile& profile) {
    if (profile.plugins().empty()) return 0;
    crypto::Sha256 hash;
    for (const auto& one : profile.plugins()) {
        for (const auto* part : {&one.plugin(), &one.settings_json()}) {
            hash.update(encode_u64(part->size()));
            hash.update(*part);
        }
    }
    const auto id = decode_u64(hash.finish());
    return id == 0 ? 1 : id;
}

}  // namespace

plugin::Scope kind_of_scope(std::string_view scope) {
    if (scope.empty()) return plugin::Scope::site;
    return scope.find('@') == std::string_view::npos ? plugin::Scope::domain : plugin::Scope::account;
}

const Entry* own_entry(const StoredPluginSettings& settings, std::string_view plugin) {
    for (const auto& entry : settings.entries()) {
        if (entry.plugin() == plugin && entry.file().empty()) return &entry;
    }
    return nullptr;
}

Entry* own_entry_for(StoredPluginSettings& settings, std::string_view plugin) {
    if (const auto* own = own_entry(settings, plugin)) return const_cast<Entry*>(own);
    if (static_cast<std::size_t>(settings.entries_size()) >= kPluginSettingsMax) return nullptr;
    auto* entry = settings.add_entries();
    entry->set_plugin(std::string(plugin));
    return entry;
}

void drop_empty_entries(StoredPluginSettings& settings) {
    auto& entries = *settings.mutable_entries();
    const auto is_empty = [](const Entry& entry) {
        return entry.file().empty() && entry.choice() == v1::PLUGIN_CHOICE_UNSPECIFIED && entry.order() == 0 &&
               (entry.json().empty() || entry.json() == "{}");
    };
    entries.erase(std::remove_if(entries.begin(), entries.end(), is_empty), entries.end());
}

bool is_enabled(const ScopedRows& rows, std::string_view plugin) {
    for (const auto* settings : {rows.account, rows.domain, rows.site}) {
        const auto choice = choice_in(settings, plugin);
        if (choice != v1::PLUGIN_CHOICE_UNSPECIFIED) return choice == v1::PLUGIN_CHOICE_ENABLED;
    }
    return false;
}

std::uint32_t order_of(const ScopedRows& rows, const plugin::Declaration& declaration) {
    const auto* own = rows.site == nullptr ? nullptr : own_entry(*rows.site, declaration.name);
    return own != nullptr && own->order() != 0 ? own->order() : declaration.order;
}

std::string settings_of(const ScopedRows& rows, const plugin::Declaration& declaration, std::vector<std::string>* unfit) {
    std::vector<std::string> layers{own_json(rows.site, declaration.name), own_json(rows.domain, declaration.name)};
    std::vector<const Entry*> imported;
    if (rows.account != nullptr) {
        for (const auto& entry : rows.account->entries()) {
            if (entry.plugin() == declaration.name && !entry.file().empty() && entry.enabled()) imported.push_back(&entry);
        }
    }
    std::sort(imported.begin(), imported.end(), [](const Entry* a, const Entry* b) { return a->file() < b->file(); });
    for (const auto* entry : imported) {
        auto checked = plugin::check_settings(declaration, plugin::Scope::account, entry->json(), plugin::Strictness::imported);
        if (checked) layers.push_back(std::move(*checked));
        else if (unfit != nullptr) unfit->push_back(entry->file());
    }
    layers.push_back(own_json(rows.account, declaration.name));
    return plugin::merge_settings(layers);
}

v1::PluginProfile profile_of(const ScopedRows& rows, const std::vector<DeclaredPtr>& declared) {
    std::vector<std::tuple<std::uint32_t, std::string_view, const plugin::Declaration*>> enabled;
    for (const auto& one : declared) {
        const auto& declaration = one->declaration;
        if (is_enabled(rows, declaration.name)) enabled.emplace_back(order_of(rows, declaration), declaration.name, &declaration);
    }
    std::sort(enabled.begin(), enabled.end());
    v1::PluginProfile profile;
    for (const auto& [order, name, declaration] : enabled) {
        auto& out = *profile.add_plugins();
        out.set_plugin(std::string(name));
        out.set_settings_json(settings_of(rows, *declaration));
    }
    profile.set_profile(profile_id(profile));
    return profile;
}

}  // namespace tayori::spool
