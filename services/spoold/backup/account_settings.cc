#include "spoold/backup/account_settings.h"

#include <algorithm>
#include <future>
#include <map>

#include "common/base/text.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/alias_rows.h"
#include "spoold/directory/plugin_rows.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredCredentials;
using stored::v1::StoredName;
using stored::v1::StoredPluginSettings;

constexpr std::string_view kNone = "none";

struct Settings {
    StoredAccount account;
    StoredCredentials credentials;
    StoredPluginSettings plugins;
};

Result<Settings> read_settings(const Rows& rows, AccountId id) {
    auto account = read_row<StoredAccount>(rows, row_key::account(raw(id)));
    if (!account) return fail(std::move(account.error()));
    if (!*account) return fail(Kind::not_found, "The account was not there at that moment.");
    auto credentials = read_credentials(rows, raw(id));
    if (!credentials) return fail(std::move(credentials.error()));
    auto plugins = read_row<StoredPluginSettings>(rows, row_key::plugin_settings(raw(id)));
    if (!plugins) return fail(std::move(plugins.error()));
    return Settings{std::move(**account), std::move(*credentials), std::move(*plugins).value_or(StoredPluginSettings())};
}

std::string limit_text(std::uint64_t limit) { return limit == 0 ? std::string(kNone) : cat(limit); }

// What of each is there, by name; the bytes say whether it is the same.
using Named = std::map<std::string, std::pair<std::string, std::string>>;  // name -> bytes, text

Named secrets(const StoredCredentials& credentials) {
    Named out;
    if (credentials.has_password()) out["password"] = {credentials.password().SerializeAsString(), "set"};
    for (const auto& app : credentials.app_passwords())
        out[cat("app password ", app.name())] = {app.SerializeAsString(), "set"};
    return out;
}

Named plugins(const StoredPluginSettings& settings) {
    Named out;
    for (const auto& entry : settings.entries())
        out[cat("plugin ", entry.plugin(), entry.file().empty() ? "" : " of ", entry.file())] = {
            entry.SerializeAsString(), cat(entry.enabled() ? "on" : "off", ", ", entry.json().size(), " bytes")};
    return out;
}

class Comparison {
  public:
    void value(std::string_view name, std::string now, std::string then) {
        if (now == then) return;
        auto& change = changes_.emplace_back();
        change.set_name(std::string(name));
        change.set_now(now.empty() ? std::string(kNone) : std::move(now));
        change.set_then(then.empty() ? std::string(kNone) : std::move(then));
    }
    void named(const Named& now, const Named& then) {
        for (const auto& [name, kept] : now)
            if (!then.contains(name)) value(name, kept.second, std::string(kNone));
        for (const auto& [name, kept] : then) {
            const auto at = now.find(name);
            if (at == now.end()) value(name, std::string(kNone), kept.second);
            else if (at->second.first != kept.first) value(name, at->second.second, cat(kept.second, ", another one"));
        }
    }
    std::vector<v1::RestoredSetting> take() { return std::move(changes_); }

  private:
    std::vector<v1::RestoredSetting> changes_;
};

std::vector<v1::RestoredSetting> compare(const Settings& now, const Settings& then) {
    Comparison out;
    out.value("display name", now.account.display_name(), then.account.display_name());
    out.value("quota in bytes", limit_text(now.account.quota_bytes()), limit_text(then.account.quota_bytes()));
    out.value("quota in messages", limit_text(now.account.quota_messages()), limit_text(then.account.quota_messages()));
    out.value("protocols", protocols_text(now.account.protocols()), protocols_text(then.account.protocols()));
    out.named(secrets(now.credentials), secrets(then.credentials));
    out.named(plugins(now.plugins), plugins(then.plugins));
    return out.take();
}

void write_settings(store::Transaction& transaction, AccountId id, Settings now, const Settings& then) {
    auto& account = now.account;
    // Tickets of before must not outlive the passwords and protocols that they were got with.
    if (account.protocols() != then.account.protocols() ||
        now.credentials.SerializeAsString() != then.credentials.SerializeAsString()) {
        account.set_generation(account.generation() + 1);
    }
    account.set_display_name(then.account.display_name());
    account.set_quota_bytes(then.account.quota_bytes());
    account.set_quota_messages(then.account.quota_messages());
    account.set_protocols(then.account.protocols());
    write_row(transaction, row_key::account(raw(id)), account);
    write_row(transaction, row_key::credentials(raw(id)), then.credentials);
    if (then.plugins.entries().empty()) transaction.erase(row_key::plugin_settings(raw(id)));
    else write_row(transaction, row_key::plugin_settings(raw(id)), then.plugins);
    note_plugins_used(transaction, then.plugins);
}

template <class T, class Apply>
Result<T> change_directory(const CorePtr& core, Apply apply) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    submit_change<T>(core, store::Effect::shrinks, std::move(apply),
                     [promise](Result<T> result) { promise->set_value(std::move(result)); });
    return future.get();
}

struct OldAlias {
    Name name;
    StoredName row;
};

// Aliases that led to the account then. An account that has got another address since gets them under that one.
Result<std::vector<OldAlias>> old_aliases(const Rows& past, const std::string& then, const std::string& now) {
    std::vector<std::string> sources;
    const auto begin = row_key::pointers_begin(then);
    auto scanned = past.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
        sources.push_back(row_key::source_of(key));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    std::vector<OldAlias> out;
    for (const auto& source : sources) {
        if (source.starts_with('@')) continue;  // a domain's catch-all is the domain's
        auto name = parse_name(source);
        if (!name) return fail(std::move(name.error()));
        auto row = read_row<StoredName>(past, row_key::name(*name));
        if (!row) return fail(std::move(row.error()));
        if (!*row) continue;
        for (auto& target : *(*row)->mutable_targets()) {
            const auto to = parse_name(target);
            if (to && to->text() == then) target = now;
        }
        out.push_back({std::move(*name), std::move(**row)});
    }
    return out;
}

bool leads_to(const StoredName& row, const std::string& address) {
    return std::any_of(row.targets().begin(), row.targets().end(), [&](const std::string& target) {
        const auto to = parse_name(target);
        return to && to->text() == address;
    });
}

// Adds what comes back, or why it can't.
Result<void> restore_alias(const CorePtr& core, const OldAlias& alias, const std::string& address, bool apply,
                           SettingsBack& back) {
    const auto text = alias.name.text();
    const StoreRows rows(core->store);
    auto living = read_row<StoredName>(rows, row_key::name(alias.name));
    if (!living) return fail(std::move(living.error()));
    if (*living && leads_to(**living, address)) return {};
    auto free = check_free(rows, alias.name);
    if (free && apply) {
        auto made = change_directory<v1::Alias>(core, [&](store::Transaction& transaction) {
            return make_alias(transaction, alias.name, alias.row, core->rules);
        });
        if (!made && made.error().kind == Kind::busy) return fail(std::move(made.error()));
        if (!made) free = fail(std::move(made.error()));
    }
    if (!free) {
        back.notes.push_back(cat("The alias ", text, " does not come back: ", free.error().text));
        return {};
    }
    auto& change = back.changes.emplace_back();
    change.set_name(cat("alias ", text));
    change.set_now(std::string(kNone));
    std::string targets;
    for (const auto& target : alias.row.targets()) append(targets, targets.empty() ? "" : " ", target);
    change.set_then(std::move(targets));
    return {};
}

}  // namespace

Result<SettingsBack> restore_settings(Directory& directory, const store::Past& past, const AccountWish& wish, bool apply) {
    const SnapshotRows past_rows(past.snapshot());
    const auto then = read_settings(past_rows, wish.past);
    if (!then) return fail(then.error());
    const auto& core = directory.core();
    const auto now = read_settings(StoreRows(core->store), wish.living);
    if (!now) return fail(now.error());
    SettingsBack back;
    back.changes = compare(*now, *then);
    if (apply && !back.changes.empty()) {
        using Changes = std::vector<v1::RestoredSetting>;
        auto done = change_directory<Changes>(core, [&](store::Transaction& transaction) -> Result<Changes> {
            auto current = read_settings(TransactionRows(transaction), wish.living);
            if (!current) return fail(std::move(current.error()));
            auto changes = compare(*current, *then);
            write_settings(transaction, wish.living, std::move(*current), *then);
            return changes;
        });
        if (!done) return fail(std::move(done.error()));
        back.changes = std::move(*done);
    }
    auto aliases = old_aliases(past_rows, then->account.address(), now->account.address());
    if (!aliases) return fail(std::move(aliases.error()));
    for (const auto& alias : *aliases) {
        auto restored = restore_alias(core, alias, now->account.address(), apply, back);
        if (!restored) return fail(std::move(restored.error()));
    }
    return back;
}

}  // namespace tayori::spool
