#include "spoold/plugin/work.h"

#include <algorithm>
#include <chrono>

#include "common/base/log.h"
#include "common/crypto/crypto.h"
#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/plugin/limits.h"
#include "spoold/plugin/work_look.h"

namespace tayori::spool {
namespace {

using Kind_ = v1::PluginWorkKind;
constexpr Kind_ kWorkKinds[] = {v1::PLUGIN_WORK_KIND_DAILY, v1::PLUGIN_WORK_KIND_QUOTA};

std::int64_t steady_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::vector<std::string> sorted_names(const google::protobuf::RepeatedPtrField<std::string>& names) {
    std::vector<std::string> out(names.begin(), names.end());
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

PluginWork::PluginWork(Parts parts)
    : parts_(std::move(parts)), clock_(parts_.mailboxes.parts().clock), store_(parts_.mailboxes.parts().store) {}

void PluginWork::start() { thread_ = std::thread([this] { run(); }); }

void PluginWork::stop() {
    std::list<Waiter> left;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiters_);
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    for (auto& waiter : left) waiter.done(v1::LeasePluginWorkReply());
}

void PluginWork::lease(const v1::LeasePluginWork& request, std::uint64_t stream, std::uint64_t seq,
                       Answer<v1::LeasePluginWorkReply> done) {
    if (static_cast<std::size_t>(request.daily_size()) > kPluginWorkNamesMax || static_cast<std::size_t>(request.quota_size()) > kPluginWorkNamesMax)
        return done(fail(Kind::invalid, "Too many names of plugins."));
    Waiter waiter;
    waiter.stream = stream;
    waiter.seq = seq;
    waiter.until_ms = steady_ms() + std::min(request.wait_ms(), kPluginWorkWaitMaxMs);
    waiter.daily = sorted_names(request.daily());
    waiter.quota = sorted_names(request.quota());
    waiter.done = std::move(done);
    {
        std::lock_guard lock(mutex_);
        if (!stopping_ && waiters_.size() < kPluginWorkWaitersMax) {
            waiters_.push_back(std::move(waiter));
            nudged_ = true;
            return wake_.notify_all();
        }
    }
    waiter.done(fail(Kind::busy, "spoold is stopping, or too many wait for work."));
}

void PluginWork::cancel(std::uint64_t stream, std::uint64_t seq) {
    std::list<Waiter> gone;
    std::lock_guard lock(mutex_);
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        const auto here = at++;
        if (here->stream == stream && here->seq == seq) gone.splice(gone.end(), waiters_, here);
    }
}

void PluginWork::stream_closed(std::uint64_t stream) {
    std::list<Waiter> gone;
    std::lock_guard lock(mutex_);
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        const auto here = at++;
        if (here->stream == stream) gone.splice(gone.end(), waiters_, here);
    }
    queue_.stream_closed(stream);
    nudged_ = true;
    wake_.notify_all();
}

void PluginWork::touched(const ChangeSet& changes) {
    if (!watching_.load(std::memory_order_relaxed)) return;
    std::lock_guard lock(touched_mutex_);
    for (const auto& change : changes) {
        if (change.appended.empty() && change.expunged.empty() && !change.gone) continue;
        if (touched_.size() < kTouchedMax) touched_.insert(raw(change.account));
        else touched_too_many_ = true;
    }
}

// Everything that a change of the directory, or of a plugin, may have changed. Reads a snapshot, without any lock.
void PluginWork::scan() {
    const auto began_ms = steady_ms();
    const auto& core = parts_.directory.core();
    const auto version = core->version.load();
    const auto& plugins = parts_.plugins;
    const auto used = plugins.profiles().any_used();
    const auto daily = plugins_with_hook(plugins.declarations(), "daily");
    const auto quota = plugins_with_hook(plugins.declarations(), "quota");
    const bool any = used && *used && !(daily.empty() && quota.empty());
    watching_ = any && !quota.empty();  // from here on, so that what changes meanwhile is noticed
    std::vector<WorkItem> found;
    std::vector<AccountId> known[2];
    if (any) {
        const SnapshotRows rows(store_.snapshot());
        const auto now_ms = clock_.now_ms();
        const auto begin = row_key::accounts_begin();
        const auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
            const auto account = decode_stored<stored::v1::StoredAccount>(value);
            const AccountId id{row_key::id_at_end(key)};
            if (!account || account->state() != stored::v1::STORED_STATE_ACTIVE) return true;
            const auto profile = plugins.profiles().of(raw(id), account->address());
            if (!profile || (*profile)->profile() == 0) return true;
            const auto row = read_work_row(rows, id);
            for (const auto kind : kWorkKinds) {
                const bool is_daily = kind == v1::PLUGIN_WORK_KIND_DAILY;
                if (!has_any(**profile, is_daily ? daily : quota)) continue;
                const auto item = look_for_work(rows, kind, id, *account, row, now_ms);
                if (!item || !*item) continue;
                found.push_back(**item);
                known[is_daily ? 0 : 1].push_back(id);
            }
            return true;
        });
        if (!scanned) return log_warn("looking for plugins' work failed", {{"why", scanned.error().text}});
    }
    std::lock_guard lock(mutex_);
    for (const auto& item : found) queue_.put(item);
    queue_.keep_only(v1::PLUGIN_WORK_KIND_DAILY, known[0]);
    queue_.keep_only(v1::PLUGIN_WORK_KIND_QUOTA, known[1]);
    scanned_version_ = version;
    scanned_ms_ = steady_ms();
    scan_took_ms_ = scanned_ms_ - began_ms;
}

void PluginWork::look_at_touched() {
    absl::flat_hash_set<std::uint64_t> touched;
    {
        std::lock_guard lock(touched_mutex_);
        touched.swap(touched_);
        if (std::exchange(touched_too_many_, false)) {
            std::lock_guard inner(mutex_);
            scanned_version_ = 0;  // all of them
        }
    }
    if (touched.empty()) return;
    const auto quota = plugins_with_hook(parts_.plugins.declarations(), "quota");
    const StoreRows rows(store_);
    for (const auto id : touched) {
        const AccountId account{id};
        const auto profile = parts_.plugins.profiles().of(id);
        if (!profile || !has_any(**profile, quota)) continue;
        const auto active = read_active(rows, account);
        if (!active || !*active) continue;
        const auto item = look_for_work(rows, v1::PLUGIN_WORK_KIND_QUOTA, account, **active, read_work_row(rows, account), clock_.now_ms());
        if (!item) continue;
        std::lock_guard lock(mutex_);
        if (*item) queue_.put(**item);
        else queue_.drop(v1::PLUGIN_WORK_KIND_QUOTA, account);
    }
}

bool PluginWork::is_scan_due() const {
    if (scanned_version_ == parts_.directory.core()->version.load()) return false;
    const auto pause_ms = std::max(kWorkLookEveryMs, scan_took_ms_ * kWorkScanShare);
    return scanned_ms_ == 0 || steady_ms() - scanned_ms_ >= pause_ms;
}

// Sleeps until somebody waits; then looks every second what has become due.
void PluginWork::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        nudged_ = false;
        if (!waiters_.empty()) {
            const bool scan_due = is_scan_due();
            lock.unlock();
            if (scan_due) scan();
            look_at_touched();
            lock.lock();
            serve(lock);
        }
        const auto woken = [this] { return stopping_ || nudged_; };
        if (waiters_.empty()) {
            wake_.wait(lock, woken);
            continue;
        }
        auto wait_ms = kWorkLookEveryMs;
        for (const auto& waiter : waiters_) wait_ms = std::min(wait_ms, std::max<std::int64_t>(1, waiter.until_ms - steady_ms()));
        wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), woken);
    }
}

void PluginWork::serve(std::unique_lock<std::mutex>& lock) {
    std::vector<std::pair<Answer<v1::LeasePluginWorkReply>, v1::LeasePluginWorkReply>> answers;
    const auto now_ms = steady_ms();
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        auto work = grant(*at);
        if (!work && at->until_ms > now_ms) {
            ++at;
            continue;
        }
        v1::LeasePluginWorkReply reply;
        if (work) *reply.mutable_work() = std::move(*work);
        answers.emplace_back(std::move(at->done), std::move(reply));
        at = waiters_.erase(at);
    }
    if (answers.empty()) return;
    lock.unlock();
    for (auto& [done, reply] : answers) done(std::move(reply));
    answers.clear();
    lock.lock();
}

std::optional<v1::PluginWork> PluginWork::grant(const Waiter& waiter) {
    if (queue_.leased() >= kPluginWorkLeasesMax) return std::nullopt;
    auto work = grant(waiter, v1::PLUGIN_WORK_KIND_QUOTA, waiter.quota);
    if (!work) work = grant(waiter, v1::PLUGIN_WORK_KIND_DAILY, waiter.daily);
    return work;
}

std::optional<v1::PluginWork> PluginWork::grant(const Waiter& waiter, v1::PluginWorkKind kind, const std::vector<std::string>& names) {
    if (names.empty()) return std::nullopt;
    const StoreRows rows(store_);
    const auto& profiles = parts_.plugins.profiles();
    const auto now_ms = clock_.now_ms();
    for (std::size_t look = 0; look < kWorkTriesMax; ++look) {
        ProfilePtr profile;
        const auto item = queue_.due(kind, now_ms, kWorkLooksMax, [&](const WorkItem& one) {
            auto found = profiles.of(raw(one.account));
            if (!found || !has_any(**found, names)) return false;
            profile = std::move(*found);
            return true;
        });
        if (!item) return std::nullopt;
        const auto row = read_work_row(rows, item->account);
        const auto active = read_active(rows, item->account);
        const auto again = active && *active ? look_for_work(rows, kind, item->account, **active, row, now_ms) : Result<std::optional<WorkItem>>();
        if (!again || !*again) {
            queue_.drop(kind, item->account);
            continue;
        }
        if ((*again)->due_ms > now_ms) {
            queue_.put(**again);
            continue;
        }
        auto usage = read_usage(rows, item->account, **active);
        if (!usage) {
            queue_.drop(kind, item->account);
            continue;
        }
        usage->set_full_at_s(full_at_s(*usage, row, (*active)->created_s(), now_ms));
        v1::PluginWork work;
        while (work.lease_id() == 0) work.set_lease_id(crypto::random_u64());
        work.set_kind(kind);
        work.set_account_id(raw(item->account));
        work.set_address((*active)->address());
        // No login: of no protocol.
        work.set_ticket(parts_.tickets.issue({raw(item->account), v1::PROTOCOL_UNSPECIFIED},
                                             login_generation(**active, v1::PROTOCOL_UNSPECIFIED)));
        work.set_plugin_profile(profile->profile());
        *work.mutable_usage() = std::move(*usage);
        work.set_seconds(static_cast<std::uint32_t>(kPluginWorkLeaseMs / kMillisPerSecond));
        queue_.lease(**again, {work.lease_id(), waiter.stream, now_ms + kPluginWorkLeaseMs, false, {}});
        return work;
    }
    return std::nullopt;
}

PluginWork::Counts PluginWork::counts() const {
    std::lock_guard lock(mutex_);
    return {queue_.due_count(clock_.now_ms()), queue_.leased(), finished_.load()};
}

}  // namespace tayori::spool
