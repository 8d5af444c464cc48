#include "spoold/plugin/work_queue.h"

#include <algorithm>
#include <limits>

#include "common/base/clock.h"
#include "spoold/mailbox/codec.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kWorkDayMs = 24 * 3600 * kMillisPerSecond;
constexpr std::int64_t kForeseenMs = 10 * 365 * kWorkDayMs;      // what is further away is not foreseen
constexpr std::int64_t kSampleAgeMs = kWorkDayMs;                // of a sample that says something
constexpr std::int64_t kAccountAgeMs = 3600 * kMillisPerSecond;
constexpr std::uint32_t kSteps[] = {95, 90, 80};
constexpr std::uint64_t kFull = 100;

std::uint32_t percent_of(std::uint64_t used, std::uint64_t quota) {
    if (quota == 0) return 0;
    const auto percent = static_cast<double>(used) * kFull / static_cast<double>(quota);
    return static_cast<std::uint32_t>(std::min(percent, 1e6));
}

// Milliseconds until `used` has become `quota`; nothing where it does not grow.
std::optional<std::int64_t> until_full(std::uint64_t used, std::uint64_t quota, std::uint64_t before, std::int64_t passed_ms) {
    if (quota == 0) return std::nullopt;
    if (used >= quota) return 0;
    if (used <= before || passed_ms <= 0) return std::nullopt;
    const auto left = static_cast<double>(quota - used) / static_cast<double>(used - before) * static_cast<double>(passed_ms);
    if (left > static_cast<double>(kForeseenMs)) return std::nullopt;
    return static_cast<std::int64_t>(left);
}

}  // namespace

std::string PluginWorkRow::encode() const {
    std::string out;
    put_signed(out, daily_ms);
    put_varint(out, quota_step);
    put_signed(out, sample_ms);
    put_varint(out, sample_bytes);
    put_varint(out, sample_messages);
    return out;
}

PluginWorkRow PluginWorkRow::decode(std::string_view bytes) {
    Reader in(bytes);
    PluginWorkRow row;
    row.daily_ms = in.signed_varint();
    row.quota_step = in.varint32();
    row.sample_ms = in.signed_varint();
    row.sample_bytes = in.varint();
    row.sample_messages = in.varint();
    return in.ok() ? row : PluginWorkRow();
}

std::uint32_t quota_step(std::uint32_t percent) {
    for (const auto step : kSteps) {
        if (percent >= step) return step;
    }
    return 0;
}

std::uint32_t quota_percent(const v1::PluginUsage& usage) {
    return std::max(percent_of(usage.used_bytes(), usage.quota_bytes()), percent_of(usage.used_messages(), usage.quota_messages()));
}

std::int64_t full_at_s(const v1::PluginUsage& usage, const PluginWorkRow& row, std::int64_t created_s, std::int64_t now_ms) {
    auto since = row;
    if (row.sample_ms == 0 || now_ms - row.sample_ms < kSampleAgeMs) {
        since = PluginWorkRow();  // empty when it was made
        since.sample_ms = created_s * kMillisPerSecond;
        if (now_ms - since.sample_ms < kAccountAgeMs) since.sample_ms = now_ms;
    }
    const auto passed_ms = now_ms - since.sample_ms;
    auto soonest = until_full(usage.used_bytes(), usage.quota_bytes(), since.sample_bytes, passed_ms);
    const auto messages = until_full(usage.used_messages(), usage.quota_messages(), since.sample_messages, passed_ms);
    if (messages && (!soonest || *messages < *soonest)) soonest = messages;
    return soonest ? (now_ms + *soonest) / kMillisPerSecond : 0;
}

std::int64_t daily_due_ms(AccountId account, const PluginWorkRow& row, std::int64_t created_ms) {
    if (row.daily_ms != 0) return row.daily_ms + kWorkDayMs;
    // Fibonacci hashing: neighbours lie far from each other, and any number of accounts evenly over the day.
    const auto spread = static_cast<std::int64_t>((raw(account) * 0x9E3779B97F4A7C15) >> 32);
    const auto first = created_ms / kWorkDayMs * kWorkDayMs + ((spread * kWorkDayMs) >> 32);
    return first < created_ms ? first + kWorkDayMs : first;
}

std::int64_t daily_done_ms(std::int64_t due_ms, std::int64_t now_ms) {
    return now_ms <= due_ms ? due_ms : due_ms + (now_ms - due_ms) / kWorkDayMs * kWorkDayMs;
}

void WorkQueue::put(const WorkItem& item) {
    const Key key{item.kind, item.account};
    auto& kept = items_[key];
    if (leased_.contains(key)) {
        kept.due_ms = item.due_ms;
        return;
    }
    queue_of(item.kind).erase({kept.due_ms, item.account});
    kept = item;
    queue_of(item.kind).emplace(item.due_ms, item.account);
}

void WorkQueue::drop(v1::PluginWorkKind kind, AccountId account) {
    const Key key{kind, account};
    const auto at = items_.find(key);
    if (at == items_.end() || leased_.contains(key)) return;
    queue_of(kind).erase({at->second.due_ms, account});
    items_.erase(at);
}

void WorkQueue::keep_only(v1::PluginWorkKind kind, const std::vector<AccountId>& accounts) {
    std::vector<AccountId> gone;
    for (const auto& [key, item] : items_) {
        if (key.first == kind && !std::binary_search(accounts.begin(), accounts.end(), key.second)) gone.push_back(key.second);
    }
    for (const auto account : gone) drop(kind, account);
}

void WorkQueue::lease(const WorkItem& item, const Lease& lease) {
    queue_of(item.kind).erase({items_.at({item.kind, item.account}).due_ms, item.account});
    leased_[{item.kind, item.account}] = lease.id;
    leases_[lease.id] = lease;
    leases_[lease.id].item = item;
}

void WorkQueue::end(std::uint64_t id) {
    const auto at = leases_.find(id);
    const Key key{at->second.item.kind, at->second.item.account};
    leases_.erase(at);
    leased_.erase(key);
    const auto item = items_.find(key);
    if (item != items_.end()) queue_of(key.first).emplace(item->second.due_ms, key.second);
}

void WorkQueue::expire(std::int64_t now_ms) {
    std::vector<std::uint64_t> over;
    for (const auto& [id, lease] : leases_) {
        if (lease.until_ms <= now_ms && !lease.finishing) over.push_back(id);
    }
    for (const auto id : over) end(id);
}

const WorkQueue::Lease* WorkQueue::find(std::uint64_t id, std::int64_t now_ms) {
    expire(now_ms);
    const auto at = leases_.find(id);
    return at == leases_.end() ? nullptr : &at->second;
}

bool WorkQueue::begin_finish(std::uint64_t id, std::int64_t now_ms) {
    const auto* lease = find(id, now_ms);
    if (lease == nullptr || lease->finishing) return false;
    leases_[id].finishing = true;
    return true;
}

void WorkQueue::finished(std::uint64_t id, std::int64_t due_ms) {
    const auto at = leases_.find(id);
    if (at == leases_.end()) return;
    const Key key{at->second.item.kind, at->second.item.account};
    const auto item = items_.find(key);
    if (item != items_.end()) item->second.due_ms = due_ms;
    end(id);
    if (due_ms == 0) drop(key.first, key.second);
}

void WorkQueue::give_back(std::uint64_t id) {
    if (leases_.contains(id)) end(id);
}

void WorkQueue::stream_closed(std::uint64_t stream) {
    std::vector<std::uint64_t> over;
    for (const auto& [id, lease] : leases_) {
        if (lease.stream == stream && !lease.finishing) over.push_back(id);
    }
    for (const auto id : over) end(id);
}

std::optional<std::int64_t> WorkQueue::next_event_ms() const {
    std::optional<std::int64_t> next;
    const auto consider = [&next](std::int64_t at_ms) { next = std::min(next.value_or(at_ms), at_ms); };
    for (const auto* queue : {&daily_, &quota_}) {
        if (!queue->empty()) consider(queue->begin()->first);
    }
    for (const auto& [id, lease] : leases_) {
        if (!lease.finishing) consider(lease.until_ms);
    }
    return next;
}

std::size_t WorkQueue::due_count(std::int64_t now_ms) const {
    std::size_t count = 0;
    for (const auto* queue : {&daily_, &quota_}) {
        for (const auto& [at_ms, account] : *queue) {
            if (at_ms > now_ms) break;
            ++count;
        }
    }
    return count;
}

}  // namespace tayori::spool
