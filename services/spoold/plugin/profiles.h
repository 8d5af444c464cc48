// Which plugins with which settings apply to an account, by the directory's version: what is kept of it falls with every change.
// Accounts that have the same share it. Where no plugin is enabled anywhere, nothing is read.
//
// Thread-safe.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "spoold/plugin/declarations.h"
#include "spoold/plugin/settings.h"

namespace tayori::spool {

using ProfilePtr = std::shared_ptr<const v1::PluginProfile>;  // never null; without plugins its id is 0

class Profiles {
  public:
    Profiles(CorePtr core, const Declarations& declarations);

    // Was a plugin ever enabled anywhere?
    Result<bool> any_used() const;
    // 0: of sessions before anybody has logged in, which is the site's. not_found: no such account.
    Result<ProfilePtr> of(std::uint64_t account) const;
    Result<ProfilePtr> of(std::uint64_t account, std::string_view address) const;
    // For Resolve: profile and aliases of each target that has one.
    Result<void> add_to(Resolution& resolution) const;

  private:
    using SettingsPtr = std::shared_ptr<const StoredPluginSettings>;
    Result<SettingsPtr> scope(const std::string& domain, std::uint64_t version) const;
    Result<ProfilePtr> compute(std::uint64_t account, std::string_view address, std::uint64_t version) const;
    ProfilePtr shared(v1::PluginProfile&& profile) const;
    void note_unfit(std::uint64_t account, const ScopedRows& rows, const v1::PluginProfile& profile) const;

    const CorePtr core_;
    const Declarations& declarations_;
    const ProfilePtr none_;
    // Of one version: whether any plugin is used. In one word, so that both are read at once; the lowest bit is the answer.
    mutable std::atomic<std::uint64_t> used_{0};
    mutable VersionedCache<ProfilePtr> cache_;
    mutable VersionedCache<SettingsPtr> scopes_;

    mutable std::mutex mutex_;
    mutable absl::flat_hash_map<std::uint64_t, std::weak_ptr<const v1::PluginProfile>> living_;
    mutable std::size_t tidy_at_ = 0;
    mutable absl::flat_hash_map<std::string, bool> told_;  // of imports that do not fit
};

// Addresses of ours that lead to this one, nearest first; at most kPluginAliasesMax.
Result<std::vector<std::string>> aliases_of(const Rows& rows, const std::string& address);

}  // namespace tayori::spool
