// Who gets which source, and when.
#include <chrono>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/fetch/fetches.h"
#include "spoold/directory/records.h"
#include "spoold/fetch/limits.h"
#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

constexpr std::string_view kMigrationKind = "live";            // services/adminctl/migrate/source.h
constexpr std::chrono::milliseconds kServeAtLeastEvery{60'000};  // should the clock be set

std::uint64_t left_of(std::uint64_t limit, std::uint64_t used) { return limit > used ? limit - used : 0; }

}  // namespace

// What a migration has brought from this host into this account is not to come again.
Result<std::vector<std::uint64_t>> Fetches::migrations_from(AccountId account, const std::string& host) const {
    std::vector<std::uint64_t> ids;
    const auto& store = parts_.mailboxes.parts().store;
    auto listed = parts_.imports.list([&](const v1::Import& import) {
        if (import.kind() != kMigrationKind || !import.origin().ends_with(":" + host)) return true;
        auto row = store.get(keys::import_account(ImportId{import.import_id()}, account));
        if (row && *row) ids.push_back(import.import_id());
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    return ids;
}

Result<std::optional<v1::FetchLease>> Fetches::grant(FetchId id) {
    const auto now_ms = parts_.clock.now_ms();
    const auto account = *schedule_.account_of(id);
    const auto& parts = parts_.mailboxes.parts();
    auto row = read_row<StoredFetchSource>(StoreRows(parts.store), keys::fetch_source(account, id));
    if (!row) return fail(std::move(row.error()));
    if (!*row) {  // purged with its account
        schedule_.erase(id);
        return std::optional<v1::FetchLease>();
    }
    if (!receives(account)) {
        schedule_.postpone(id, now_ms + kFetchAbsentAgainS * kMillisPerSecond);
        return std::optional<v1::FetchLease>();
    }
    auto secret = parts_.sealer.open((*row)->sealed_secret(), secret_bound_to(account, (*row)->settings()));
    if (!secret) {
        return fail(Kind::denied, "The stored password can't be read any more: set it again.", std::move(secret.error().detail));
    }
    auto quota = parts_.mailboxes.get_quota(account);
    if (!quota) return fail(std::move(quota.error()));
    auto migrations = migrations_from(account, (*row)->settings().host());
    if (!migrations) return fail(std::move(migrations.error()));

    v1::FetchLease out;
    while (out.lease_id() == 0) out.set_lease_id(crypto::random_u64());
    out.set_source_id(raw(id));
    out.set_lease_s(parts_.lease_s);
    *out.mutable_settings() = (*row)->settings();
    out.mutable_settings()->set_address(parts_.directory.address_of(raw(account)).value_or(""));
    out.mutable_settings()->set_secret(std::move(*secret));
    out.set_account_id(raw(account));
    out.set_import_id((*row)->import_id());
    out.set_message_bytes_max(parts.settings.message_bytes_max);
    if (quota->bytes_limit() != 0) out.set_room_bytes(left_of(quota->bytes_limit(), quota->bytes_used()));
    if (quota->messages_limit() != 0) out.set_room_messages(left_of(quota->messages_limit(), quota->messages_used()));
    for (const auto import : *migrations) out.add_also_known_by(import);
    out.set_accept_renumbered((*row)->accept_renumbered());
    schedule_.lease(id, {out.lease_id(), id, account, ImportId{(*row)->import_id()},
                         now_ms + std::int64_t{parts_.lease_s} * kMillisPerSecond});
    return std::optional(std::move(out));
}

Result<v1::FetchLease> Fetches::grant_named(FetchId id) {
    if (!schedule_.account_of(id))
        return fail(Kind::not_found, cat("There is no source ", raw(id), ": `adminctl fetch list` shows them."));
    if (schedule_.is_leased(id, parts_.clock.now_ms()))
        return fail(Kind::in_use, cat("Source ", raw(id), " is being fetched right now."));
    auto granted = grant(id);
    if (!granted) return fail(std::move(granted.error()));
    if (!*granted) return fail(Kind::not_found, cat("The account of source ", raw(id), " is deleted."));
    return std::move(**granted);
}

std::optional<v1::FetchLease> Fetches::grant_due() {
    const auto now_ms = parts_.clock.now_ms();
    while (schedule_.leases() < kFetchLeasesMax) {
        const auto id = schedule_.due(now_ms);
        if (!id) return std::nullopt;
        auto granted = grant(*id);
        if (granted && *granted) return std::move(*granted);
        if (granted) continue;
        log_warn("fetch_not_started", {{"source", raw(*id)}, {"error", granted.error().text}});
        schedule_.postpone(*id, now_ms + std::int64_t{kFetchIntervalDefaultS} * kMillisPerSecond);
        v1::FetchOutcome outcome;
        outcome.set_problem(granted.error().kind == Kind::denied ? v1::FETCH_PROBLEM_SECRET : v1::FETCH_PROBLEM_SPOOL);
        outcome.set_text(granted.error().text);
        unstarted_.emplace_back(*id, std::move(outcome));
    }
    return std::nullopt;
}

void Fetches::lease(const v1::LeaseFetchSourceRequest& request, std::function<bool()> gone, Answer<v1::FetchLease> done) {
    std::unique_lock lock(mutex_);
    if (request.source_id() != 0) {
        auto granted = grant_named(FetchId{request.source_id()});
        lock.unlock();
        return done(std::move(granted));
    }
    auto granted = grant_due();
    if (granted || request.wait_s() == 0) {
        lock.unlock();
        note_unstarted();
        return done(granted ? std::move(*granted) : v1::FetchLease());
    }
    if (stopping_ || waiters_.size() >= kFetchWaitersMax) {
        lock.unlock();
        return done(fail(Kind::busy, "spoold is stopping, or too many wait for a lease."));
    }
    const auto wait_s = std::min(request.wait_s(), kFetchWaitMaxS);
    waiters_.push_back({parts_.clock.now_ms() + std::int64_t{wait_s} * kMillisPerSecond, std::move(gone), std::move(done)});
    rung_ = true;
    wake_.notify_all();
}

Result<v1::RenewFetchLeaseReply> Fetches::renew(std::uint64_t lease_id) {
    const std::lock_guard lock(mutex_);
    const auto now_ms = parts_.clock.now_ms();
    if (!schedule_.renew(lease_id, now_ms, now_ms + std::int64_t{parts_.lease_s} * kMillisPerSecond))
        return fail(Kind::not_found, "This lease is over.");
    return v1::RenewFetchLeaseReply();
}

bool Fetches::covers(AccountId account, ImportId import) const {
    const std::lock_guard lock(mutex_);
    return schedule_.covers(account, import, parts_.clock.now_ms());
}

bool Fetches::covers(const std::string& address, ImportId import) const {
    const auto account = parts_.directory.account_id_of(address);
    return account && covers(AccountId{*account}, import);
}

void Fetches::ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    wake_.notify_all();
}

void Fetches::start() { thread_ = std::thread([this] { serve_waiters(); }); }

void Fetches::stop() {
    std::list<Waiter> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiters_);
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    for (auto& waiter : left) waiter.done(v1::FetchLease());
}

// Sleeps until something is due and somebody waits for it. Answers are given without the lock.
void Fetches::serve_waiters() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto now_ms = parts_.clock.now_ms();
        std::vector<std::pair<Answer<v1::FetchLease>, v1::FetchLease>> answers;
        auto next_ms = now_ms + kServeAtLeastEvery.count();
        for (auto at = waiters_.begin(); at != waiters_.end();) {
            std::optional<v1::FetchLease> granted;
            const bool over = at->until_ms <= now_ms || at->gone();
            if (!over) granted = grant_due();
            next_ms = std::min(next_ms, at->until_ms);
            if (!over && !granted) {
                ++at;
                continue;
            }
            answers.emplace_back(std::move(at->done), granted ? std::move(*granted) : v1::FetchLease());
            at = waiters_.erase(at);
        }
        if (!answers.empty() || !unstarted_.empty()) {
            lock.unlock();
            note_unstarted();
            for (auto& [done, lease] : answers) done(std::move(lease));
            lock.lock();
            continue;
        }
        if (const auto event = schedule_.next_event_ms()) next_ms = std::min(next_ms, *event);
        rung_ = false;
        const auto woken = [this] { return stopping_ || rung_; };
        if (waiters_.empty()) wake_.wait(lock, woken);
        else wake_.wait_for(lock, std::chrono::milliseconds(std::max<std::int64_t>(next_ms - now_ms, 1)), woken);
    }
}

}  // namespace tayori::spool
