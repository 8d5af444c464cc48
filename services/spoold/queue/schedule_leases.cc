// Leases: who carries what, and how a destination's answers widen and narrow the way to it.
#include <algorithm>
#include <limits>

#include "spoold/queue/schedule.h"
#include "spoold/queue/schedule_parts.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kUntriedPauseMs = 1'000;  // of mails that came back untried: nobody turns in a circle
constexpr std::int64_t kTroublePauseMs = 10'000; // after trouble with one connection
constexpr std::int64_t kStarvingMs = 5'000;      // a destination that has waited so long stands before one that goes on
constexpr std::int64_t kSecond = 1'000;

}  // namespace

std::optional<Grant> Schedule::lease(LeaseStream stream, std::size_t mails_max) {
    while (!ready_.empty()) {
        auto& at = *ready_.begin()->second;
        ready_.erase(ready_.begin());
        at.turn = 0;
        if (!may_connect(at)) {
            refresh(at);
            continue;
        }
        return grant(at, stream, mails_max);
    }
    return std::nullopt;
}

std::optional<Grant> Schedule::lease_more(LeaseStream stream, std::size_t mails_max, std::string_view name,
                                          bool others_wait) {
    const auto found = destinations_.find(std::string(name));
    if (found == destinations_.end()) return std::nullopt;
    auto& at = *found->second;
    end_reported(stream, at);
    if (others_wait && !ready_.empty()) {
        const auto& first = *ready_.begin()->second;
        if (&first != &at && first.ready_since_ms + kStarvingMs <= now()) return std::nullopt;
    }
    if (!may_connect(at)) return std::nullopt;
    return grant(at, stream, mails_max);
}

Grant Schedule::grant(Destination& at, LeaseStream stream, std::size_t mails_max) {
    auto& slot = leases_[next_lease_];
    slot = std::make_unique<Lease>();
    auto& lease = *slot;
    lease.id = next_lease_++;
    lease.at = &at;
    lease.stream = stream;
    ++at.leases;
    set_lease_deadline(lease, now() + options_.lease_ms);
    Grant out;
    out.lease_id = lease.id;
    out.destination = at.name;
    out.route = at.route;
    out.seconds = static_cast<std::uint32_t>(options_.lease_ms / kSecond);
    const bool limited = at.route && at.route->mails_per_minute() != 0;
    while (!at.due.empty() && out.mails.size() < std::max<std::size_t>(1, mails_max)) {
        if (limited && tokens(at) < 1) break;
        if (limited) at.tokens -= 1;
        auto& mail = *mails_.at(QueueId{at.due.begin()->second});
        auto& item = *find(mail, at);
        const auto rules = at.route ? options_.retry.with(*at.route) : options_.retry;
        auto& given = out.mails.emplace_back();
        given.id = mail.id;
        given.recipients.assign(item.waiting.begin(), item.waiting.end());
        given.last_try = rules.is_over(mail.created_ms, now());
        carry(lease, mail, item);
    }
    // Its next turn comes after those of all others that are ready now.
    if (at.turn != 0) ready_.erase({at.turn, &at});
    at.turn = 0;
    refresh(at);
    return out;
}

void Schedule::carry(Lease& lease, Mail& mail, Item& item) {
    displace(mail, item);
    lease.mails[mail.id].assign(item.waiting.begin(), item.waiting.end());
    item.waiting.clear();
    item.lease = lease.id;
}

void Schedule::set_lease_deadline(Lease& lease, std::int64_t at_ms) {
    if (lease.deadline_ms != 0) lease_deadlines_.erase({lease.deadline_ms, lease.id});
    lease.deadline_ms = at_ms;
    lease_deadlines_.insert({at_ms, lease.id});
}

void Schedule::reported(std::uint64_t lease_id, QueueId id, const std::vector<std::uint32_t>& recipients, bool delivered) {
    const auto found = leases_.find(lease_id);
    if (found == leases_.end()) return;
    auto& lease = *found->second;
    auto& at = *lease.at;
    // It answers: what its failures had taken away is given back.
    const bool awake = at.failures > 0;
    at.failures = 0;
    at.rests_until_ms = 0;
    if (delivered) {
        const double most = options_.connections_per_destination_max;
        at.window = std::min(most, at.window + 1 / at.window);
    }
    if (!lease.orphaned) set_lease_deadline(lease, now() + options_.lease_ms);
    if (const auto carried = lease.mails.find(id); carried != lease.mails.end()) {
        auto& left = carried->second;
        std::erase_if(left, [&](std::uint32_t recipient) {
            return std::find(recipients.begin(), recipients.end(), recipient) != recipients.end();
        });
        if (left.empty()) {
            lease.mails.erase(carried);
            if (const auto mail = mails_.find(id); mail != mails_.end()) {
                if (auto* item = find(*mail->second, at); item != nullptr && item->lease == lease_id) {
                    item->lease = 0;
                    // Nobody waits yet: put() comes next. Without it the mail would be in no set.
                    place(*mail->second, *item);
                }
            }
        }
    }
    if (awake || delivered) refresh(at);
}

// What was not reported waits again.
void Schedule::give_back(Lease& lease, std::int64_t next_try_ms) {
    for (auto& [id, recipients] : lease.mails) {
        const auto found = mails_.find(id);
        if (found == mails_.end()) continue;
        auto& mail = *found->second;
        auto* item = find(mail, *lease.at);
        if (item == nullptr || item->lease != lease.id) continue;
        item->lease = 0;
        for (const auto recipient : recipients) item->waiting.push_back(recipient);
        item->next_try_ms = next_try_ms;
        if (item->expired) item->expires_ms = now();  // if its destination fails now, that was its last try
        place(mail, *item);
        set_deadline(mail);
    }
    lease.mails.clear();
}

void Schedule::close_lease(std::uint64_t id) {
    const auto found = leases_.find(id);
    auto& at = *found->second->at;
    lease_deadlines_.erase({found->second->deadline_ms, id});
    --at.leases;
    leases_.erase(found);
    refresh(at);
    forget_if_idle(at);
}

void Schedule::end(std::uint64_t lease_id, Ending how, const v1::Said& said) {
    const auto found = leases_.find(lease_id);
    if (found == leases_.end()) return;
    auto& lease = *found->second;
    auto& at = *lease.at;
    if (how != Ending::done) {
        at.window = std::max(1.0, at.window / 2);
        at.said = said;
    }
    if (how == Ending::trouble) at.rests_until_ms = std::max(at.rests_until_ms, now() + kTroublePauseMs);
    // Connections that fail together are one failure: whoever comes while it rests already adds nothing.
    if (how == Ending::destination_failed && (at.failures == 0 || at.rests_until_ms <= now())) {
        ++at.failures;
        const auto rules = at.route ? options_.retry.with(*at.route) : options_.retry;
        at.rests_until_ms = now() + retry_delay_ms(rules, at.failures, options_.random ? options_.random() : 0);
    }
    give_back(lease, how == Ending::done ? now() + kUntriedPauseMs : now());
    close_lease(lease_id);
}

void Schedule::end_reported(LeaseStream stream, const Destination& at) {
    std::vector<std::uint64_t> over;
    for (const auto& [id, lease] : leases_) {
        if (lease->stream == stream && lease->at == &at && lease->mails.empty()) over.push_back(id);
    }
    for (const auto id : over) {
        // Not close_lease(): the destination must outlive this, for who asked wants more of it.
        auto& lease = *leases_.at(id);
        lease_deadlines_.erase({lease.deadline_ms, id});
        --lease.at->leases;
        leases_.erase(id);
    }
}

std::vector<QueueId> Schedule::reclaim(LeaseStream stream, std::uint64_t lease_id, std::string_view name,
                                       const std::vector<QueueId>& mails) {
    std::vector<QueueId> lost;
    auto known = leases_.find(lease_id);
    if (known == leases_.end()) {
        const auto at = destinations_.find(std::string(name));
        if (lease_id == 0 || at == destinations_.end()) return mails;
        auto lease = std::make_unique<Lease>();
        lease->id = lease_id;
        lease->at = at->second.get();
        ++lease->at->leases;
        known = leases_.emplace(lease_id, std::move(lease)).first;
    }
    auto& lease = *known->second;
    lease.stream = stream;
    lease.orphaned = false;
    set_lease_deadline(lease, now() + options_.lease_ms);
    for (const auto id : mails) {
        if (lease.mails.contains(id)) continue;
        const auto found = mails_.find(id);
        auto* item = found == mails_.end() ? nullptr : find(*found->second, *lease.at);
        if (item == nullptr || item->lease != 0 || item->waiting.empty()) {
            lost.push_back(id);
            continue;
        }
        carry(lease, *found->second, *item);
    }
    refresh(*lease.at);
    return lost;
}

void Schedule::stream_closed(LeaseStream stream) {
    for (auto& [id, lease] : leases_) {
        if (lease->stream != stream || lease->orphaned) continue;
        lease->orphaned = true;
        set_lease_deadline(*lease, std::min(lease->deadline_ms, now() + options_.orphan_grace_ms));
    }
}

}  // namespace tayori::spool
