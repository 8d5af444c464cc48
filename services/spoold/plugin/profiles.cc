#include "spoold/plugin/profiles.h"

#include <absl/container/flat_hash_set.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/plugin_rows.h"
#include "spoold/directory/resolve.h"
#include "spoold/plugin/limits.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kLivingTidiedAt = 1'024;
constexpr std::size_t kUnfitToldMax = 1'000;

std::string_view domain_part(std::string_view address) {
    const auto at = address.rfind('@');
    return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

Result<StoredPluginSettings> settings_row(const Rows& rows, const std::string& key) {
    auto row = read_row<StoredPluginSettings>(rows, key);
    if (!row) return fail(std::move(row.error()));
    return std::move(*row).value_or(StoredPluginSettings());
}

}  // namespace

Profiles::Profiles(CorePtr core, const Declarations& declarations)
    : core_(std::move(core)), declarations_(declarations), none_(std::make_shared<v1::PluginProfile>()), cache_(kProfileCacheMax),
      scopes_(kScopeCacheMax), tidy_at_(kLivingTidiedAt) {}

Result<bool> Profiles::any_used() const {
    const auto version = core_->version.load();
    const auto known = used_.load();
    if (known >> 1 == version) return (known & 1) != 0;
    auto used = plugins_used(StoreRows(core_->store));
    if (used) used_.store(version << 1 | (*used ? 1 : 0));
    return used;
}

Result<Profiles::SettingsPtr> Profiles::scope(const std::string& domain, std::uint64_t version) const {
    if (auto kept = scopes_.find(domain, version)) return *std::move(kept);
    auto row = settings_row(StoreRows(core_->store), row_key::scope_plugin_settings(domain));
    if (!row) return fail(std::move(row.error()));
    SettingsPtr settings = std::make_shared<const StoredPluginSettings>(std::move(*row));
    scopes_.put(domain, version, settings);
    return settings;
}

Result<ProfilePtr> Profiles::of(std::uint64_t account) const {
    auto used = any_used();
    if (!used) return fail(std::move(used.error()));
    if (!*used) return none_;
    if (account == 0) return of(0, {});
    if (auto kept = cache_.find(encode_u64(account), core_->version.load())) return *std::move(kept);
    auto row = read_row<stored::v1::StoredAccount>(StoreRows(core_->store), row_key::account(account));
    if (!row) return fail(std::move(row.error()));
    if (!*row || (*row)->state() == stored::v1::STORED_STATE_DELETED) return fail(Kind::not_found, "There is no such account.");
    return of(account, (*row)->address());
}

Result<ProfilePtr> Profiles::of(std::uint64_t account, std::string_view address) const {
    auto used = any_used();
    if (!used) return fail(std::move(used.error()));
    if (!*used) return none_;
    const auto version = core_->version.load();
    const auto key = encode_u64(account);
    if (auto kept = cache_.find(key, version)) return *std::move(kept);
    auto computed = compute(account, address, version);
    if (computed) cache_.put(key, version, *computed);
    return computed;
}

Result<ProfilePtr> Profiles::compute(std::uint64_t account, std::string_view address, std::uint64_t version) const {
    auto site = scope({}, version);
    if (!site) return fail(std::move(site.error()));
    ScopedRows rows;
    rows.site = site->get();
    if (account == 0) return shared(profile_of(rows, declarations_.all()));
    auto domain = scope(std::string(domain_part(address)), version);
    if (!domain) return fail(std::move(domain.error()));
    rows.domain = domain->get();
    auto own = settings_row(StoreRows(core_->store), row_key::plugin_settings(account));
    if (!own) return fail(std::move(own.error()));
    rows.account = &*own;
    auto profile = profile_of(rows, declarations_.all());
    note_unfit(account, rows, profile);
    return shared(std::move(profile));
}

ProfilePtr Profiles::shared(v1::PluginProfile&& profile) const {
    if (profile.profile() == 0) return none_;
    std::lock_guard lock(mutex_);
    auto& kept = living_[profile.profile()];
    if (auto living = kept.lock()) return living;
    auto made = std::make_shared<const v1::PluginProfile>(std::move(profile));
    kept = made;
    if (living_.size() >= tidy_at_) {
        absl::erase_if(living_, [](const auto& one) { return one.second.expired(); });
        tidy_at_ = std::max(kLivingTidiedAt, living_.size() * 2);
    }
    return made;
}

// What was approved without being checked, as an import can do before the plugin is there.
void Profiles::note_unfit(std::uint64_t account, const ScopedRows& rows, const v1::PluginProfile& profile) const {
    if (rows.account->entries().empty()) return;
    for (const auto& one : profile.plugins()) {
        const auto declared = declarations_.find(one.plugin());
        if (declared == nullptr) continue;
        std::vector<std::string> files;
        settings_of(rows, declared->declaration, &files);
        for (const auto& file : files) {
            {
                std::lock_guard lock(mutex_);
                if (told_.size() >= kUnfitToldMax || !told_.emplace(cat(account, " ", one.plugin(), " ", file), true).second) continue;
            }
            log_warn("imported settings are not what the plugin declares, and are left out",
                     {{"account", account}, {"plugin", one.plugin()}, {"file", file}});
        }
    }
}

Result<void> Profiles::add_to(Resolution& resolution) const {
    auto used = any_used();
    if (!used) return fail(std::move(used.error()));
    if (!*used) return {};
    const StoreRows rows(core_->store);
    for (auto& target : resolution.targets) {
        if (target.account_id == 0) continue;
        auto profile = of(target.account_id, target.address);
        if (!profile) return fail(std::move(profile.error()));
        target.plugin_profile = (*profile)->profile();
        if (target.plugin_profile == 0) continue;
        auto aliases = aliases_of(rows, target.address);
        if (!aliases) return fail(std::move(aliases.error()));
        target.aliases = std::move(*aliases);
    }
    return {};
}

Result<std::vector<std::string>> aliases_of(const Rows& rows, const std::string& address) {
    std::vector<std::string> found;
    absl::flat_hash_set<std::string> seen{address};
    std::size_t looked_at = 0;
    // Each alias may itself be the target of others: `found` is also what is still to be looked behind.
    std::string target = address;
    for (std::size_t next = 0;; ++next) {
        const auto begin = row_key::pointers_begin(target);
        auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
            auto source = row_key::source_of(key);
            // "@domain" is a catch-all, which is no address of anybody.
            if (!source.starts_with('@') && seen.insert(source).second) found.push_back(std::move(source));
            return ++looked_at < kAliasesLookedAtMax && found.size() < kPluginAliasesMax;
        });
        if (!scanned) return fail(std::move(scanned.error()));
        if (next >= found.size() || found.size() >= kPluginAliasesMax || looked_at >= kAliasesLookedAtMax) return found;
        target = found[next];
    }
}

}  // namespace tayori::spool
