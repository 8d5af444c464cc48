// What the directory, logging in and tickets share. Kept alive by every callback that is on its way.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "spoold/directory/cache.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/hash_pool.h"
#include "spoold/directory/limits.h"
#include "spoold/directory/records.h"
#include "spoold/directory/resolve.h"

namespace tayori::spool {

struct DirectoryCore {
    DirectoryCore(store::Store& s, const Clock& c, MailboxHooks hooks, DirectoryOptions o)
        : store(s), clock(c), mailboxes(std::move(hooks)), options(std::move(o)),
          rules{options.postmaster, options.tag_separator}, pool(options.verify_threads, options.verifications_max) {}

    store::Store& store;
    const Clock& clock;
    const MailboxHooks mailboxes;
    const DirectoryOptions options;
    const SiteRules rules;

    std::string ticket_key;  // of this store, durable
    std::string bulk_key;    // for fingerprints of tables of accounts, durable
    std::string salt_key;    // for the salts of users that do not exist, durable: they must stay the same

    std::atomic<std::uint64_t> version{1};  // cache.h
    std::function<void(std::uint64_t)> on_change;  // told the version, before who made the change is answered
    void changed() {
        const auto now = version.fetch_add(1) + 1;
        if (on_change) on_change(now);
    }
    ReturnPath return_path;  // set before anything is served
    AddPlugins add_plugins;  // likewise
    VersionedCache<Resolution> resolved{kResolvedCacheMax};
    HashPool pool;
    std::atomic<bool> purging{false};

    std::int64_t now_s() const { return clock.now_ms() / 1000; }
};

using CorePtr = std::shared_ptr<DirectoryCore>;

// Runs a change; `apply` may be run again by another engine, so it returns its value instead of keeping it.
template <class T, class Apply>
void submit_change(const CorePtr& core, store::Effect effect, Apply apply, Answer<T> done) {
    auto value = std::make_shared<std::optional<T>>();
    store::Request request;
    request.effect = effect;
    request.apply = [apply = std::move(apply), value](store::Transaction& transaction) -> Result<void> {
        Result<T> result = apply(transaction);
        if (!result) return fail(std::move(result.error()));
        *value = std::move(*result);
        return {};
    };
    request.done = [core, value, done = std::move(done)](Result<void> committed) {
        // Also after a failure: with `busy` the outcome is unknown.
        core->changed();
        if (!committed) done(fail(std::move(committed.error())));
        else done(std::move(**value));
    };
    core->store.submit(std::move(request));
}

}  // namespace tayori::spool
