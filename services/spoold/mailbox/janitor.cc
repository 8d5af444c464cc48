// The jobs of the clock. A round goes from commit to commit by itself, on the committer's answers.
#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "common/base/log.h"
#include "spoold/intake/outcomes.h"
#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/purge.h"
#include "spoold/mailbox/undelete.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

// Accounts that have something expunged before that time. One seek for each account with a trash.
Result<std::vector<AccountId>> accounts_with_trash(const store::Snapshot& snapshot, std::int64_t before_ms) {
    std::vector<AccountId> accounts;
    auto range = keys::trash_from(AccountId{0});
    for (;;) {
        std::optional<keys::Trash> first;
        auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
            first = keys::trash_of_key(key);
            return false;
        });
        if (!scanned) return fail(std::move(scanned.error()));
        if (!first) return accounts;
        if (first->expunged_ms < before_ms) accounts.push_back(first->account);
        range = keys::trash_from(AccountId{raw(first->account) + 1});
    }
}

// The oldest moment at which something was expunged, of all accounts; on a full disk the next to go.
Result<std::optional<std::int64_t>> oldest_trash(const store::Snapshot& snapshot) {
    std::optional<std::int64_t> oldest;
    auto range = keys::trash_from(AccountId{0});
    for (;;) {
        std::optional<keys::Trash> first;
        auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
            first = keys::trash_of_key(key);
            return false;
        });
        if (!scanned) return fail(std::move(scanned.error()));
        if (!first) return oldest;
        oldest = std::min(oldest.value_or(first->expunged_ms), first->expunged_ms);
        range = keys::trash_from(AccountId{raw(first->account) + 1});
    }
}

}  // namespace

struct Janitor::Round : std::enable_shared_from_this<Janitor::Round> {
    Round(store::Store& s, std::int64_t before, std::vector<AccountId> list, std::function<void(std::uint64_t)> end)
        : store(s), before_ms(before), accounts(std::move(list)), done(std::move(end)) {}

    // The next commit; called by the answer of the one before.
    void step() {
        if (accounts.empty()) return done(purged);
        auto result = std::make_shared<PurgeStep>();
        store::Request request;
        request.account = raw(accounts.back());
        request.effect = store::Effect::shrinks;
        request.apply = [account = accounts.back(), before = before_ms,
                         result](store::Transaction& transaction) -> Result<void> {
            auto purged_now = purge_expunged(transaction, account, before);
            if (!purged_now) return fail(std::move(purged_now.error()));
            *result = *purged_now;
            return {};
        };
        request.done = [self = shared_from_this(), result](Result<void> committed) {
            if (!committed) {
                log_warn("purge of expunged mail failed", {{"account", raw(self->accounts.back())},
                                                           {"cause", committed.error().detail},
                                                           {"kind", to_string(committed.error().kind)}});
                // A store that is stopping answers everything so; the next round tries again.
                if (committed.error().kind == Kind::busy) self->accounts.clear();
            }
            self->purged += result->purged;
            if (!self->accounts.empty() && !result->more) self->accounts.pop_back();
            self->step();
        };
        store.submit(std::move(request));
    }

    store::Store& store;
    std::int64_t before_ms;
    std::vector<AccountId> accounts;
    std::function<void(std::uint64_t)> done;
    std::uint64_t purged = 0;
};

Janitor::Janitor(const Mailboxes& mailboxes)
    : mailboxes_(mailboxes), running_(std::make_shared<std::atomic<bool>>(false)) {}

Janitor::~Janitor() = default;

void Janitor::tick(std::function<void(std::uint64_t)> done) {
    if (running_->exchange(true)) return;
    const auto& parts = mailboxes_.parts();
    auto before_ms = parts.clock.now_ms() - std::int64_t{parts.settings.undelete_days} * kDayMs;
    auto finish = [running = running_, done = std::move(done)](std::uint64_t purged) {
        running->store(false);
        if (purged > 0) log_info("expunged mail purged", {{"messages", purged}});
        if (done) done(purged);
    };

    const auto snapshot = parts.store.snapshot();
    if (has_old_outcomes(*snapshot, parts.clock.now_ms())) {
        store::Request forget;
        forget.effect = store::Effect::shrinks;
        forget.apply = [](store::Transaction& transaction) -> Result<void> {
            forget_old_outcomes(transaction);
            return {};
        };
        forget.done = [](Result<void>) {};
        parts.store.submit(std::move(forget));
    }
    // Undelete shrinks first when the disk is full: by a day at a time, from the oldest (design.md §4).
    if (!parts.store.stats().accepting) {
        const auto oldest = oldest_trash(*snapshot);
        if (oldest && *oldest) before_ms = std::max(before_ms, **oldest + kDayMs);
    }
    auto accounts = accounts_with_trash(*snapshot, before_ms);
    if (!accounts) {
        log_warn("reading expunged mail failed", {{"cause", accounts.error().detail}});
        return finish(0);
    }
    std::make_shared<Round>(parts.store, before_ms, std::move(*accounts), std::move(finish))->step();
}

}  // namespace tayori::spool
