#include "spoold/fetch/schedule.h"

#include <algorithm>
#include <vector>

#include "common/base/clock.h"
#include "spoold/fetch/limits.h"

namespace tayori::spool {
namespace {

constexpr std::uint32_t kDoublingsMax = 20;  // more would be above every bound

// least · 2^(times - 1), between its bounds.
std::int64_t doubled(std::int64_t least, std::uint32_t times, std::int64_t most) {
    const auto shift = std::min(times - 1, kDoublingsMax);
    return std::max(least, std::min(least << shift, most));
}

}  // namespace

bool is_fetch_failure(v1::FetchProblem problem) {
    switch (problem) {
        case v1::FETCH_PROBLEM_UNREACHABLE:
        case v1::FETCH_PROBLEM_LOGIN_REFUSED:
        case v1::FETCH_PROBLEM_SETTINGS:
        case v1::FETCH_PROBLEM_INCOMPLETE:
        case v1::FETCH_PROBLEM_SPOOL:
        case v1::FETCH_PROBLEM_SECRET: return true;
        // All else of the mailbox is here: the next run is in time.
        default: return false;
    }
}

std::int64_t fetch_due_again_s(std::int64_t now_s, std::uint32_t interval_s, v1::FetchProblem problem,
                               std::uint32_t failures) {
    const std::int64_t interval = interval_s;
    if (failures == 0) return now_s + interval;
    const bool refused = problem == v1::FETCH_PROBLEM_LOGIN_REFUSED || problem == v1::FETCH_PROBLEM_SECRET;
    const auto least = refused ? std::max(interval, kFetchLoginBackoffMinS) : interval;
    return now_s + doubled(least, failures, refused ? kFetchLoginBackoffMaxS : kFetchBackoffMaxS);
}

void FetchSchedule::queue(FetchId id, const Source& source) {
    if (source.enabled && source.lease == 0) queue_.emplace(source.ready_ms(), id);
}
void FetchSchedule::unqueue(FetchId id, const Source& source) { queue_.erase({source.ready_ms(), id}); }

void FetchSchedule::put(FetchId id, AccountId account, bool enabled, std::int64_t due_ms, bool by_hand) {
    auto& source = sources_[id];
    unqueue(id, source);
    source.account = account;
    source.enabled = enabled;
    source.due_ms = due_ms;
    if (by_hand) source.lapses = 0;
    if (by_hand) source.not_before_ms = 0;
    queue(id, source);
}

void FetchSchedule::erase(FetchId id) {
    const auto at = sources_.find(id);
    if (at == sources_.end()) return;
    unqueue(id, at->second);
    leases_.erase(at->second.lease);
    sources_.erase(at);
}

void FetchSchedule::postpone(FetchId id, std::int64_t due_ms) {
    const auto at = sources_.find(id);
    if (at == sources_.end()) return;
    unqueue(id, at->second);
    at->second.due_ms = due_ms;
    queue(id, at->second);
}

void FetchSchedule::expire(std::int64_t now_ms) {
    std::vector<Lease> over;
    for (const auto& [id, lease] : leases_)
        if (lease.until_ms <= now_ms) over.push_back(lease);
    for (const auto& lease : over) {
        leases_.erase(lease.id);
        auto& source = sources_.at(lease.source);
        source.lease = 0;
        ++source.lapses;
        if (source.lapses > 1) {
            source.not_before_ms = now_ms + kMillisPerSecond * doubled(kFetchLapseBackoffMinS, source.lapses - 1,
                                                                       kFetchLapseBackoffMaxS);
        }
        queue(lease.source, source);
    }
}

std::optional<FetchId> FetchSchedule::due(std::int64_t now_ms) {
    expire(now_ms);
    if (queue_.empty() || queue_.begin()->first > now_ms) return std::nullopt;
    return queue_.begin()->second;
}

std::optional<std::int64_t> FetchSchedule::next_event_ms() const {
    std::optional<std::int64_t> next;
    if (!queue_.empty()) next = queue_.begin()->first;
    for (const auto& [id, lease] : leases_) next = std::min(next.value_or(lease.until_ms), lease.until_ms);
    return next;
}

void FetchSchedule::lease(FetchId id, const Lease& lease) {
    auto& source = sources_.at(id);
    unqueue(id, source);
    source.lease = lease.id;
    leases_[lease.id] = lease;
}

const FetchSchedule::Lease* FetchSchedule::find(std::uint64_t lease_id, std::int64_t now_ms) {
    expire(now_ms);
    const auto at = leases_.find(lease_id);
    return at == leases_.end() ? nullptr : &at->second;
}

bool FetchSchedule::renew(std::uint64_t lease_id, std::int64_t now_ms, std::int64_t until_ms) {
    expire(now_ms);
    const auto at = leases_.find(lease_id);
    if (at == leases_.end()) return false;
    at->second.until_ms = until_ms;
    return true;
}

void FetchSchedule::end(std::uint64_t lease_id) {
    const auto at = leases_.find(lease_id);
    if (at == leases_.end()) return;
    const auto id = at->second.source;
    leases_.erase(at);
    auto& source = sources_.at(id);
    source.lease = 0;
    source.lapses = 0;
    source.not_before_ms = 0;
    queue(id, source);
}

bool FetchSchedule::is_leased(FetchId id, std::int64_t now_ms) {
    expire(now_ms);
    const auto at = sources_.find(id);
    return at != sources_.end() && at->second.lease != 0;
}

bool FetchSchedule::covers(AccountId account, ImportId import, std::int64_t now_ms) {
    expire(now_ms);
    return std::any_of(leases_.begin(), leases_.end(), [&](const auto& one) {
        return one.second.account == account && (raw(import) == 0 || one.second.import == import);
    });
}

std::optional<AccountId> FetchSchedule::account_of(FetchId id) const {
    const auto at = sources_.find(id);
    return at == sources_.end() ? std::nullopt : std::optional(at->second.account);
}

std::uint32_t FetchSchedule::lapses(FetchId id) const {
    const auto at = sources_.find(id);
    return at == sources_.end() ? 0 : at->second.lapses;
}

}  // namespace tayori::spool
