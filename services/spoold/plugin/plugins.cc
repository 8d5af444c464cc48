#include "spoold/plugin/plugins.h"

#include <map>
#include <set>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/plugin/near_names.h"
#include "spoold/directory/plugin_rows.h"
#include "spoold/plugin/limits.h"
#include "spoold/plugin/scope.h"
#include "spoold/store/commit.h"

namespace tayori::spool {
namespace {

// How many enable each plugin; of a table of rows.
Result<void> count_enabling(const Rows& rows, const std::string& begin, const std::function<void(std::string_view key, const std::string& plugin)>& count) {
    std::optional<Error> damaged;
    auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
        auto settings = decode_stored<StoredPluginSettings>(value);
        if (!settings) {
            damaged = std::move(settings.error());
            return false;
        }
        std::set<std::string> named;
        for (const auto& entry : settings->entries()) named.insert(entry.plugin());
        for (const auto& plugin : named) {
            ScopedRows only;
            only.account = &*settings;
            if (is_enabled(only, plugin)) count(key, plugin);
        }
        return true;
    });
    if (!scanned) return scanned;
    if (damaged) return fail(std::move(*damaged));
    return {};
}

void add_names(const StoredPluginSettings& settings, std::map<std::string, v1::PluginListed>& listed) {
    for (const auto& entry : settings.entries()) listed[entry.plugin()];
}

}  // namespace

Plugins::Plugins(CorePtr core, std::unique_ptr<Declarations> declarations)
    : core_(std::move(core)), declarations_(std::move(declarations)), profiles_(core_, *declarations_), reports_(core_->clock) {}

Result<std::unique_ptr<Plugins>> Plugins::open(Directory& directory) {
    const auto& core = directory.core();
    auto declarations = Declarations::open(core);
    if (!declarations) return fail(std::move(declarations.error()));
    auto found = store::commit_and_wait(core->store, 0, store::Effect::shrinks, find_plugins_used);
    if (!found) return fail(std::move(found.error()));
    std::unique_ptr<Plugins> plugins(new Plugins(core, std::move(*declarations)));
    directory.on_resolved([profiles = &plugins->profiles_](Resolution& resolution) { return profiles->add_to(resolution); });
    return plugins;
}

Error Plugins::unknown(const std::string& plugin) const {
    if (!plugin::is_name(plugin))
        return Error::make(Kind::invalid, cat("\"", plugin, "\" is no plugin's name: lower-case letters, digits and \"_\", at most ", plugin::kNameBytesMax, "."));
    const auto known = declarations_->names();
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto near = plugin::did_you_mean(plugin, names);
    return Error::make(Kind::invalid,
                       cat("No daemon has loaded a plugin \"", plugin, "\" yet", near.empty() ? std::string() : cat(": ", near), near.ends_with('?') ? "" : ".",
                           " One that is new in its folder is read by `adminctl plugin reload`."));
}

Result<v1::PluginList> Plugins::list() const {
    const SnapshotRows rows(core_->store.snapshot());
    std::map<std::string, v1::PluginListed> listed;
    auto site = ScopeSettings::read(rows, Scope());
    if (!site) return fail(std::move(site.error()));
    add_names(site->site, listed);
    for (const auto& declared : declarations_->all()) {
        auto& one = listed[declared->declaration.name];
        one.set_declaration_json(declared->json);
        one.set_order(order_of(site->rows(Scope()), declared->declaration));
    }
    auto counted = count_enabling(rows, row_key::scope_plugin_settings_begin(), [&](std::string_view key, const std::string& plugin) {
        auto& one = listed[plugin];
        if (key.size() > row_key::scope_plugin_settings_begin().size()) one.set_domains(one.domains() + 1);
    });
    if (counted) {
        counted = count_enabling(rows, row_key::plugin_settings_begin(), [&](std::string_view, const std::string& plugin) {
            auto& one = listed[plugin];
            one.set_accounts(one.accounts() + 1);
        });
    }
    if (!counted) return fail(std::move(counted.error()));
    v1::PluginList out;
    for (auto& [name, one] : listed) {
        one.set_plugin(name);
        if (const auto* own = own_entry(site->site, name)) one.set_site(static_cast<v1::PluginChoice>(own->choice()));
        *out.add_plugins() = std::move(one);
    }
    for (auto& daemon : reports_.list()) *out.add_daemons() = std::move(daemon);
    return out;
}

Result<v1::PluginView> Plugins::get(const v1::PluginScope& at) const {
    const SnapshotRows rows(core_->store.snapshot());
    auto scope = find_scope(rows, at.scope());
    if (!scope) return fail(std::move(scope.error()));
    auto settings = ScopeSettings::read(rows, *scope);
    if (!settings) return fail(std::move(settings.error()));
    const auto declared = declarations_->find(at.plugin());
    auto view = view_of(*settings, *scope, at.plugin(), declared);
    const bool named = view.choice() != v1::PLUGIN_CHOICE_UNSPECIFIED || !view.own_json().empty() || !view.imported().empty();
    if (declared == nullptr && !named) {
        auto error = unknown(at.plugin());
        error.kind = Kind::not_found;
        return fail(std::move(error));
    }
    return view;
}

void Plugins::switch_plugin(const v1::SwitchPluginRequest& request, Answer<v1::PluginView> done) {
    const auto& plugin = request.at().plugin();
    const auto declared = declarations_->find(plugin);
    if (!v1::PluginChoice_IsValid(request.choice())) return done(fail(Kind::invalid, "A plugin is enabled, disabled, or says nothing."));
    if (declared == nullptr && (request.choice() == v1::PLUGIN_CHOICE_ENABLED || !plugin::is_name(plugin))) return done(fail(unknown(plugin)));
    submit_change<v1::PluginView>(
        core_, store::Effect::shrinks,
        [request, declared](store::Transaction& transaction) -> Result<v1::PluginView> {
            const TransactionRows rows(transaction);
            auto scope = find_scope(rows, request.at().scope());
            if (!scope) return fail(std::move(scope.error()));
            auto settings = ScopeSettings::read(rows, *scope);
            if (!settings) return fail(std::move(settings.error()));
            auto& own = settings->own(*scope);
            auto applied = apply_choice(own, *scope, request.at().plugin(), declared, request.choice());
            if (!applied) return fail(std::move(applied.error()));
            write_settings_row(transaction, *scope, own);
            return view_of(*settings, *scope, request.at().plugin(), declared);
        },
        std::move(done));
}

void Plugins::set(const v1::SetPluginRequest& request, Answer<v1::PluginView> done) {
    const auto declared = declarations_->find(request.at().plugin());
    if (declared == nullptr) return done(fail(unknown(request.at().plugin())));
    submit_change<v1::PluginView>(
        core_, store::Effect::shrinks,
        [request, declared](store::Transaction& transaction) -> Result<v1::PluginView> {
            const TransactionRows rows(transaction);
            auto scope = find_scope(rows, request.at().scope());
            if (!scope) return fail(std::move(scope.error()));
            auto settings = ScopeSettings::read(rows, *scope);
            if (!settings) return fail(std::move(settings.error()));
            auto& own = settings->own(*scope);
            auto applied = apply_settings(own, *scope, *declared, request);
            if (!applied) return fail(std::move(applied.error()));
            write_settings_row(transaction, *scope, own);
            return view_of(*settings, *scope, request.at().plugin(), declared);
        },
        std::move(done));
}

Result<v1::PluginList> Plugins::reload(const v1::ReloadPluginsRequest& request, const Tell& tell, std::chrono::milliseconds most) {
    const bool trial = request.action() == v1::RELOAD_ACTION_TRY;
    if (!v1::ReloadAction_IsValid(request.action())) return fail(Kind::invalid, "Plugins are read anew, tried, accepted or rejected.");
    if (trial && (request.percent() < 1 || request.percent() > 99))
        return fail(Kind::invalid, "A trial gets between 1 and 99 percent of the mail.");
    const auto reload = reports_.begin_reload(request.action(), trial ? request.percent() : 0);
    const auto streams = tell(reload);
    if (!reports_.wait(reload.number(), streams, most))
        log_warn("not every daemon has said how its plugins were reloaded", {{"reload", reload.number()}, {"daemons", streams.size()}});
    return list();
}

Result<std::uint64_t> Plugins::account_behind(const std::string& scope) const {
    auto found = find_scope(StoreRows(core_->store), scope);
    if (!found) return fail(std::move(found.error()));
    if (found->kind == plugin::Scope::domain)
        return fail(Kind::invalid, "Plugins keep something of accounts and of the site, not of domains.");
    return found->account;
}

Result<v1::PluginStateRows> Plugins::list_state(const v1::PluginScope& at) const {
    if (!plugin::is_name(at.plugin())) return fail(unknown(at.plugin()));
    auto account = account_behind(at.scope());
    if (!account) return fail(std::move(account.error()));
    return read_plugin_state(*core_->store.snapshot(), AccountId{*account}, at.plugin(), StateRows::all, core_->clock.now_ms());
}

void Plugins::clear_state(const v1::PluginScope& at, Answer<v1::PluginStateRows> done) {
    if (!plugin::is_name(at.plugin())) return done(fail(unknown(at.plugin())));
    auto account = account_behind(at.scope());
    if (!account) return done(fail(std::move(account.error())));
    auto rows = std::make_shared<v1::PluginStateRows>();
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [rows, account = AccountId{*account}, plugin = at.plugin()](store::Transaction& transaction) -> Result<void> {
        *rows = clear_plugin_state(transaction, account, plugin);
        return {};
    };
    request.done = [rows, done = std::move(done)](Result<void> committed) {
        if (!committed) done(fail(std::move(committed.error())));
        else done(std::move(*rows));
    };
    core_->store.submit(std::move(request));
}

Result<v1::GetOwnSettingsReply> Plugins::own_settings(std::uint64_t account) const {
    return get_own_settings(core_, *declarations_, account);
}

void Plugins::set_own_settings(std::uint64_t account, const v1::SetOwnSettings& request, Answer<v1::SetOwnSettingsReply> done) {
    spool::set_own_settings(core_, *declarations_, account, request, std::move(done));
}

Result<v1::GetPluginProfileReply> Plugins::profile(std::uint64_t account) const {
    v1::GetPluginProfileReply reply;
    reply.set_directory_version(core_->version.load());
    auto profile = profiles_.of(account);
    if (!profile) return fail(std::move(profile.error()));
    *reply.mutable_profile() = **profile;
    const StoreRows rows(core_->store);
    if (account == 0) {
        auto postmaster = expand_bare_postmaster(rows, core_->rules);
        if (!postmaster) return fail(std::move(postmaster.error()));
        if (!postmaster->targets.empty()) reply.set_postmaster(postmaster->targets.front().address);
    }
    if (account == 0 || (*profile)->profile() == 0) return reply;
    auto row = read_row<stored::v1::StoredAccount>(rows, row_key::account(account));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, "There is no such account.");
    auto aliases = aliases_of(rows, (*row)->address());
    if (!aliases) return fail(std::move(aliases.error()));
    reply.set_address((*row)->address());
    for (auto& alias : *aliases) reply.add_aliases(std::move(alias));
    return reply;
}

Result<v1::GetPluginStateReply> Plugins::state(const v1::GetPluginState& request) const {
    if (!plugin::is_name(request.plugin())) return fail(unknown(request.plugin()));
    auto rows = read_plugin_state(*core_->store.snapshot(), AccountId{request.account_id()}, request.plugin(), StateRows::values,
                                  core_->clock.now_ms());
    if (!rows) return fail(std::move(rows.error()));
    v1::GetPluginStateReply reply;
    *reply.mutable_rows() = std::move(*rows->mutable_rows());
    return reply;
}

v1::PluginReload Plugins::report(const PluginReports::From& from, const v1::ReportPlugins& report) {
    const auto heard = reports_.put(from, report);
    for (const auto& json : heard.declarations) declarations_->report(json);
    return heard.reload;
}

Plugins::Failing Plugins::failing() const {
    Failing out;
    const auto now_s = core_->now_s();
    for (const auto& daemon : reports_.list()) {
        for (const auto& plugin : daemon.report().plugins()) {
            out.failures += plugin.failures();
            if (plugin.suspended_until_s() > now_s) ++out.suspended;
        }
    }
    return out;
}

void Plugins::dropped(const std::vector<DroppedState>& dropped) {
    counts_.dropped += dropped.size();
    std::lock_guard lock(mutex_);
    for (const auto& one : dropped) {
        if (dropped_known_.size() >= kDroppedKnownMax) return;
        if (!dropped_known_.emplace(cat(raw(one.account), " ", one.plugin), true).second) continue;
        log_warn("a plugin keeps so much that no more has room: what it wanted to keep or to count is dropped",
                 {{"plugin", one.plugin}, {"account", raw(one.account)}});
    }
}

void Plugins::tick() {
    declarations_->tick();
    if (core_->clock.now_ms() >= sweep_at_ms_) sweep();
}

// Rows are found in a snapshot, and erased in commits of a thousand at most.
void Plugins::sweep() {
    const auto snapshot = core_->store.snapshot();
    const auto now_ms = core_->clock.now_ms();
    std::uint64_t looked_at = 0;
    while (!stopping_ && looked_at < kSweptRowsAtOnce) {
        auto expired = find_expired(*snapshot, sweep_from_, kSweptRowsAtOnce - looked_at, now_ms);
        if (!expired) return log_warn("reading what plugins keep failed", {{"why", expired.error().text}});
        looked_at += expired->looked_at;
        if (!expired->keys.empty()) {
            auto erased = std::make_shared<std::uint64_t>(0);
            auto done = store::commit_and_wait(core_->store, 0, store::Effect::shrinks,
                                               [erased, &expired](store::Transaction& transaction) -> Result<void> {
                                                   *erased = erase_expired(transaction, expired->keys);
                                                   return {};
                                               });
            if (!done) return;  // the store is stopping; the next round finds them again
            counts_.expired += *erased;
        }
        sweep_from_ = expired->next;
        if (sweep_from_.empty()) {
            sweep_at_ms_ = now_ms + kSweepEveryMs;
            return;
        }
    }
}

void Plugins::stop() {
    stopping_ = true;
    reports_.stop();
}

}  // namespace tayori::spool
