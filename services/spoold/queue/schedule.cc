// Mails and destinations: what waits, what is due, and whose turn it is.
#include "spoold/queue/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "spoold/queue/schedule_parts.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kLookAgainMs = 600'000;  // at a mail that is overdue, where nothing came of it
constexpr unsigned kLeaseIdBits = 20;           // below the time of the start: ids of one start are not those of another
constexpr std::size_t kRoundsSpare = 64;
constexpr double kBurstOfMinute = 0.1;          // of mails_per_minute, at once

std::uint64_t name_of(QueueId id) { return raw(id); }

}  // namespace

Schedule::Schedule(const Clock& clock, ScheduleOptions options)
    : clock_(clock), options_(std::move(options)),
      next_lease_(static_cast<std::uint64_t>(clock.now_ms()) << kLeaseIdBits | 1U) {}

Schedule::~Schedule() = default;

Schedule::Destination& Schedule::destination(const std::string& name, RoutePtr route) {
    auto& at = destinations_[name];
    if (at == nullptr) {
        at = std::make_unique<Destination>();
        at->name = name;
        at->window = std::max(1U, options_.connections_start);
        at->tokens_ms = now();
        at->tokens = 1;
    }
    if (route != nullptr) at->route = std::move(route);
    return *at;
}

void Schedule::forget_if_idle(Destination& at) {
    // What is known of a destination that fails is kept while it rests.
    if (at.items > 0 || at.leases > 0 || at.rests_until_ms > now()) return;
    if (at.turn != 0) ready_.erase({at.turn, &at});
    if (at.wakeup_ms != 0) wakeups_.erase({at.wakeup_ms, &at});
    const auto name = at.name;
    destinations_.erase(name);
}

Schedule::Item* Schedule::find(Mail& mail, const Destination& at) {
    const auto found = std::find_if(mail.items.begin(), mail.items.end(), [&](const Item& item) { return item.at == &at; });
    return found == mail.items.end() ? nullptr : &*found;
}

void Schedule::put(PlannedMail planned) {
    if (planned.parts.empty()) return erase(planned.id);
    auto& slot = mails_[planned.id];
    if (slot == nullptr) {
        slot = std::make_unique<Mail>();
        slot->id = planned.id;
    }
    auto& mail = *slot;
    if (planned.held && !mail.held) ++held_;
    if (!planned.held && mail.held) --held_;
    bytes_ += planned.bytes - mail.bytes;
    mail.sender = planned.sender;
    mail.created_ms = planned.created_ms;
    mail.bytes = planned.bytes;
    mail.held = planned.held;
    const bool tell = planned.delay_notice && !planned.held && options_.delay_notice_ms != 0;
    if (!tell) mail.notice_ms = 0;
    else mail.notice_ms = std::max(mail.notice_ms, mail.created_ms + options_.delay_notice_ms);
    // What is not named any more has nobody waiting; what is carried stays until it is reported.
    std::vector<Destination*> touched;
    for (auto& item : mail.items) {
        displace(mail, item);
        item.waiting.clear();
        touched.push_back(item.at);
    }
    for (auto& part : planned.parts) {
        auto& at = destination(part.destination, part.route);
        if (std::find(touched.begin(), touched.end(), &at) == touched.end()) touched.push_back(&at);
        add_part(mail, std::move(part));
    }
    for (std::size_t i = mail.items.size(); i > 0; --i) {
        auto& item = mail.items[i - 1];
        if (item.waiting.empty() && item.lease == 0) drop_item(mail, item);
        else place(mail, item);
    }
    set_deadline(mail);
    for (auto* at : touched) {
        refresh(*at);
        forget_if_idle(*at);
    }
}

void Schedule::add_part(Mail& mail, PlannedPart part) {
    auto& at = destination(part.destination, nullptr);
    auto* item = find(mail, at);
    if (item == nullptr) {
        item = &mail.items.emplace_back();
        item->at = &at;
        ++at.items;
    }
    const auto rules = at.route ? options_.retry.with(*at.route) : options_.retry;
    // Looked at and found expired, it is not looked at again at once.
    if (!item->expired) item->expires_ms = mail.created_ms + rules.max_age_ms;
    item->next_try_ms = part.next_try_ms;
    const auto* carried = static_cast<const std::vector<std::uint32_t>*>(nullptr);
    if (const auto lease = leases_.find(item->lease); lease != leases_.end()) {
        const auto found = lease->second->mails.find(mail.id);
        if (found != lease->second->mails.end()) carried = &found->second;
    }
    for (const auto recipient : part.recipients) {
        if (carried != nullptr && std::find(carried->begin(), carried->end(), recipient) != carried->end()) continue;
        item->waiting.push_back(recipient);
    }
}

void Schedule::erase(QueueId id) {
    const auto found = mails_.find(id);
    if (found == mails_.end()) return;
    auto& mail = *found->second;
    std::vector<Destination*> touched;
    while (!mail.items.empty()) {
        auto& item = mail.items.back();
        touched.push_back(item.at);
        if (const auto lease = leases_.find(item.lease); lease != leases_.end()) lease->second->mails.erase(id);
        displace(mail, item);
        drop_item(mail, item);
    }
    if (mail.deadline_ms != 0) mail_deadlines_.erase({mail.deadline_ms, name_of(id)});
    if (mail.held) --held_;
    bytes_ -= mail.bytes;
    mails_.erase(found);
    for (auto* at : touched) {
        refresh(*at);
        forget_if_idle(*at);
    }
}

void Schedule::drop_item(Mail& mail, Item& item) {
    --item.at->items;
    if (&item != &mail.items.back()) std::swap(item, mail.items.back());
    mail.items.pop_back();
}

void Schedule::place(Mail& mail, Item& item) {
    if (item.lease != 0 || mail.held || item.waiting.empty()) return;
    auto& at = *item.at;
    if (item.next_try_ms > now()) {
        item.state = ItemState::later;
        item.key = item.next_try_ms;
        at.later.insert({item.key, name_of(mail.id)});
        return;
    }
    // Senders whose turns are over are forgotten now and then.
    if (at.rounds.size() > 2 * at.due.size() + kRoundsSpare) {
        absl::erase_if(at.rounds, [&at](const auto& entry) { return entry.second < at.round(); });
    }
    // The sender's next round, at the earliest the present one.
    auto& last = at.rounds[mail.sender];
    item.state = ItemState::due;
    item.key = std::max(at.round(), last + 1);
    last = item.key;
    at.due.insert({item.key, name_of(mail.id)});
}

void Schedule::displace(Mail& mail, Item& item) {
    auto& at = *item.at;
    if (item.state == ItemState::later) at.later.erase({item.key, name_of(mail.id)});
    if (item.state == ItemState::due) {
        at.due.erase({item.key, name_of(mail.id)});
        if (at.due.empty()) at.rounds.clear();
    }
    item.state = ItemState::idle;
}

void Schedule::set_deadline(Mail& mail) {
    auto deadline = std::numeric_limits<std::int64_t>::max();
    if (mail.notice_ms != 0) deadline = mail.notice_ms;
    if (!mail.held) {
        for (const auto& item : mail.items) deadline = std::min(deadline, item.expires_ms);
    }
    if (deadline == std::numeric_limits<std::int64_t>::max()) deadline = 0;
    if (deadline == mail.deadline_ms) return;
    if (mail.deadline_ms != 0) mail_deadlines_.erase({mail.deadline_ms, name_of(mail.id)});
    mail.deadline_ms = deadline;
    if (deadline != 0) mail_deadlines_.insert({deadline, name_of(mail.id)});
}

double Schedule::tokens(Destination& at) const {
    const auto per_minute = at.route ? at.route->mails_per_minute() : 0;
    if (per_minute == 0) return std::numeric_limits<double>::max();
    const auto passed = std::max<std::int64_t>(0, now() - at.tokens_ms);
    at.tokens_ms = now();
    at.tokens = std::min(std::max(1.0, per_minute * kBurstOfMinute),
                         at.tokens + static_cast<double>(passed) * per_minute / kMinuteMs);
    return at.tokens;
}

std::uint32_t Schedule::connections_allowed(const Destination& at) const {
    // One that has failed is tried by one first.
    if (at.failures > 0) return 1;
    auto most = options_.connections_per_destination_max;
    if (at.route && at.route->connections_max() != 0) most = at.route->connections_max();
    return std::min(most, static_cast<std::uint32_t>(at.window));
}

bool Schedule::may_connect(Destination& at) {
    return !at.due.empty() && at.leases < connections_allowed(at) && at.rests_until_ms <= now() && tokens(at) >= 1;
}

// Moves what has become due, and finds out when there is something to do here, now or later.
void Schedule::refresh(Destination& at) {
    while (!at.later.empty() && at.later.begin()->first <= now()) {
        auto& mail = *mails_.at(QueueId{at.later.begin()->second});
        auto& item = *find(mail, at);
        displace(mail, item);
        place(mail, item);
    }
    const bool ready = may_connect(at);
    if (ready && at.turn == 0) {
        at.turn = ++turn_;
        at.ready_since_ms = now();
        ready_.insert({at.turn, &at});
    }
    if (!ready && at.turn != 0) {
        ready_.erase({at.turn, &at});
        at.turn = 0;
    }
    std::int64_t next = 0;
    const auto soonest = [&next](std::int64_t time) { next = next == 0 ? time : std::min(next, time); };
    if (!at.later.empty()) soonest(at.later.begin()->first);
    if (at.rests_until_ms > now()) soonest(at.rests_until_ms);
    else if (!ready && !at.due.empty() && at.leases < connections_allowed(at)) {
        const auto missing = std::max(0.0, 1 - at.tokens) * kMinuteMs / at.route->mails_per_minute();
        soonest(now() + 1 + static_cast<std::int64_t>(std::ceil(missing)));
    }
    wake(at, next);
}

void Schedule::wake(Destination& at, std::int64_t at_ms) {
    if (at.wakeup_ms == at_ms) return;
    if (at.wakeup_ms != 0) wakeups_.erase({at.wakeup_ms, &at});
    at.wakeup_ms = at_ms;
    if (at_ms != 0) wakeups_.insert({at_ms, &at});
}

std::int64_t Schedule::next_event_ms() const {
    auto next = std::numeric_limits<std::int64_t>::max();
    if (!wakeups_.empty()) next = std::min(next, wakeups_.begin()->first);
    if (!lease_deadlines_.empty()) next = std::min(next, lease_deadlines_.begin()->first);
    if (!mail_deadlines_.empty()) next = std::min(next, mail_deadlines_.begin()->first);
    return next;
}

std::vector<Overdue> Schedule::tick() {
    while (!lease_deadlines_.empty() && lease_deadlines_.begin()->first <= now()) {
        const auto id = lease_deadlines_.begin()->second;
        auto& lease = *leases_.at(id);
        // Each may have been delivered, and is tried again.
        unknown_ += lease.mails.size();
        give_back(lease, now());
        close_lease(id);
    }
    while (!wakeups_.empty() && wakeups_.begin()->first <= now()) {
        auto& at = *wakeups_.begin()->second;
        wake(at, 0);
        refresh(at);
        forget_if_idle(at);
    }
    std::vector<Overdue> overdue;
    while (!mail_deadlines_.empty() && mail_deadlines_.begin()->first <= now()) {
        look_at(*mails_.at(QueueId{mail_deadlines_.begin()->second}), overdue);
    }
    return overdue;
}

// A mail whose time has come: to tell its sender, to try it a last time, or to give it up where its destination fails.
void Schedule::look_at(Mail& mail, std::vector<Overdue>& overdue) {
    Overdue found;
    found.id = mail.id;
    if (mail.notice_ms != 0 && mail.notice_ms <= now()) {
        found.delayed = true;
        mail.notice_ms = now() + kLookAgainMs;
    }
    std::vector<Destination*> touched;
    for (auto& item : mail.items) {
        if (mail.held || item.expires_ms > now()) continue;
        item.expired = true;
        item.expires_ms = now() + kLookAgainMs;
        if (item.lease != 0) continue;
        if (item.at->failures > 0 && item.at->rests_until_ms > now()) {
            found.expired.insert(found.expired.end(), item.waiting.begin(), item.waiting.end());
            found.said = item.at->said;
            continue;
        }
        displace(mail, item);
        item.next_try_ms = std::min(item.next_try_ms, now());
        place(mail, item);
        touched.push_back(item.at);
    }
    set_deadline(mail);
    for (auto* at : touched) refresh(*at);
    if (found.delayed || !found.expired.empty()) overdue.push_back(std::move(found));
}

void Schedule::hurry(QueueId id) {
    const auto found = mails_.find(id);
    if (found == mails_.end()) return;
    auto& mail = *found->second;
    for (auto& item : mail.items) {
        displace(mail, item);
        item.next_try_ms = std::min(item.next_try_ms, now());
        place(mail, item);
        item.at->rests_until_ms = 0;
        refresh(*item.at);
    }
}

ScheduleStats Schedule::stats() const {
    ScheduleStats stats;
    stats.waiting = mails_.size();
    stats.held = held_;
    stats.leases = leases_.size();
    stats.bytes = bytes_;
    stats.unknown = unknown_;
    for (const auto& [id, lease] : leases_) stats.leased += lease->mails.size();
    for (const auto& [name, at] : destinations_) stats.due += at->due.size();
    for (const auto& [id, mail] : mails_) {
        if (stats.oldest_ms == 0 || mail->created_ms < stats.oldest_ms) stats.oldest_ms = mail->created_ms;
    }
    return stats;
}

void Schedule::list_destinations(const std::function<void(const v1::DestinationStats&)>& visit) const {
    for (const auto& [name, at] : destinations_) {
        v1::DestinationStats out;
        out.set_destination(name);
        out.set_waiting(at->items);
        out.set_due(at->due.size());
        out.set_leases(at->leases);
        out.set_window(connections_allowed(*at));
        out.set_failures(at->failures);
        if (at->rests_until_ms > now()) out.set_rests_until_ms(at->rests_until_ms);
        if (at->failures > 0) *out.mutable_said() = at->said;
        visit(out);
    }
}

bool Schedule::is_carried(QueueId id, std::uint32_t recipient) const {
    const auto found = mails_.find(id);
    if (found == mails_.end()) return false;
    for (const auto& item : found->second->items) {
        const auto lease = leases_.find(item.lease);
        if (lease == leases_.end()) continue;
        const auto mail = lease->second->mails.find(id);
        if (mail == lease->second->mails.end()) continue;
        if (std::find(mail->second.begin(), mail->second.end(), recipient) != mail->second.end()) return true;
    }
    return false;
}

const Schedule::Item* Schedule::waiting_item(QueueId id, std::uint32_t recipient) const {
    const auto found = mails_.find(id);
    if (found == mails_.end()) return nullptr;
    for (const auto& item : found->second->items)
        if (std::find(item.waiting.begin(), item.waiting.end(), recipient) != item.waiting.end()) return &item;
    return nullptr;
}

std::int64_t Schedule::due_ms(QueueId id, std::uint32_t recipient) const {
    const auto* item = waiting_item(id, recipient);
    return item == nullptr ? 0 : std::max(item->next_try_ms, item->at->rests_until_ms);
}

const v1::Said* Schedule::words_of_destination(QueueId id, std::uint32_t recipient) const {
    const auto* item = waiting_item(id, recipient);
    return item != nullptr && item->at->rests_until_ms > now() ? &item->at->said : nullptr;
}

}  // namespace tayori::spool
