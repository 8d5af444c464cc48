#include "spoold/directory/imported.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "common/base/text.h"
#include "spoold/directory/limits.h"
#include "spoold/directory/plugin_rows.h"

namespace tayori::spool {

using stored::v1::StoredAccount;
using stored::v1::StoredPluginSettings;
using stored::v1::StoredUse;

bool is_untouched(store::Transaction& transaction, std::uint64_t id) {
    return transaction.get(row_key::untouched(id)).has_value();
}

void mark_untouched(store::Transaction& transaction, std::uint64_t id) {
    const auto use = read_row<StoredUse>(TransactionRows(transaction), row_key::use(id));
    if (!use || (*use && (*use)->last_login_s() != 0)) return;
    transaction.put(row_key::untouched(id), {});
}

void unmark_untouched(store::Transaction& transaction, std::uint64_t id) {
    transaction.erase(row_key::untouched(id));
}

Result<void> check_plugin_settings(const v1::PluginSettings& settings) {
    if (settings.plugin().empty()) return fail(Kind::invalid, "Plugin settings need the plugin's name.");
    if (settings.json().size() > kPluginSettingsBytesMax)
        return fail(Kind::invalid, cat("Plugin settings have at most ", kPluginSettingsBytesMax, " bytes."));
    google::protobuf::Struct object;
    if (!google::protobuf::util::JsonStringToMessage(settings.json(), &object).ok())
        return fail(Kind::invalid, cat("The settings of ", settings.plugin(), " are no JSON object."));
    return {};
}

Result<void> put_plugin_settings(store::Transaction& transaction, std::uint64_t id, const NewPluginSettings& settings) {
    if (settings.entries.empty()) return {};
    auto row = read_row<StoredPluginSettings>(TransactionRows(transaction), row_key::plugin_settings(id));
    if (!row) return fail(std::move(row.error()));
    auto stored = std::move(*row).value_or(StoredPluginSettings());
    for (const auto& wanted : settings.entries) {
        auto& entries = *stored.mutable_entries();
        auto at = std::find_if(entries.begin(), entries.end(), [&](const StoredPluginSettings::Entry& entry) {
            return entry.plugin() == wanted.plugin() && entry.file() == wanted.file();
        });
        if (at == entries.end()) {
            if (static_cast<std::size_t>(entries.size()) >= kPluginSettingsMax)
                return fail(Kind::over_quota, cat("An account has at most ", kPluginSettingsMax, " plugin settings."));
            auto* entry = entries.Add();
            entry->set_plugin(wanted.plugin());
            entry->set_json(wanted.json());
            entry->set_file(wanted.file());
            entry->set_enabled(settings.enable);
            entry->set_import_id(settings.import_id);
        } else if (settings.enable) {
            at->set_enabled(true);
        }
    }
    write_row(transaction, row_key::plugin_settings(id), stored);
    note_plugins_used(transaction, stored);
    return {};
}

Result<void> remove_plugin_settings(store::Transaction& transaction, std::uint64_t id, std::uint64_t import_id) {
    const auto key = row_key::plugin_settings(id);
    auto row = read_row<StoredPluginSettings>(TransactionRows(transaction), key);
    if (!row) return fail(std::move(row.error()));
    if (!*row) return {};
    auto& entries = *(*row)->mutable_entries();
    const auto gone = [import_id](const StoredPluginSettings::Entry& entry) { return entry.import_id() == import_id; };
    entries.erase(std::remove_if(entries.begin(), entries.end(), gone), entries.end());
    if (entries.empty()) transaction.erase(key);
    else write_row(transaction, key, **row);
    return {};
}

Result<void> put_imported_app_password(store::Transaction& transaction, std::uint64_t id,
                                       const stored::v1::StoredPassword& password) {
    auto credentials = read_credentials(TransactionRows(transaction), id);
    if (!credentials) return fail(std::move(credentials.error()));
    auto& list = *credentials->mutable_app_passwords();
    const bool there = std::any_of(list.begin(), list.end(), [](const stored::v1::StoredAppPassword& app) {
        return app.name() == kImportedAppPassword;
    });
    if (there || static_cast<std::size_t>(list.size()) >= kAppPasswordsMax) return {};
    auto* app = list.Add();
    app->set_name(std::string(kImportedAppPassword));
    app->set_protocols(1U << v1::PROTOCOL_SUBMISSION);
    app->set_created_s(transaction.now_ms() / 1000);
    *app->mutable_password() = password;
    write_row(transaction, row_key::credentials(id), *credentials);
    return {};
}

Result<void> discard_account(store::Transaction& transaction, std::uint64_t id) {
    const TransactionRows rows(transaction);
    auto account = read_row<StoredAccount>(rows, row_key::account(id));
    if (!account) return fail(std::move(account.error()));
    if (!*account || (*account)->state() == stored::v1::STORED_STATE_DELETED) return {};
    auto name = parse_name((*account)->address());
    if (!name) return fail(std::move(name.error()));
    (*account)->set_state(stored::v1::STORED_STATE_DELETED);
    (*account)->set_generation((*account)->generation() + 1);
    write_row(transaction, row_key::account(id), **account);
    transaction.erase(row_key::name(*name));
    transaction.erase(row_key::untouched(id));
    // Deleted so long ago that nobody can bring it back.
    transaction.put(row_key::deleted((*account)->address(), id), encode_u64(0));
    return count_account(transaction, name->domain, -1);
}

}  // namespace tayori::spool
