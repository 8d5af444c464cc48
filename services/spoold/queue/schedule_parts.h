// What a Schedule is made of; for its own sources.
#pragma once

#include <absl/container/btree_map.h>

#include "spoold/queue/schedule.h"

namespace tayori::spool {

enum class ItemState : std::uint8_t { idle, later, due };  // idle: held, or carried

// A mail's recipients at one destination.
struct Schedule::Item {
    Destination* at = nullptr;
    std::int64_t next_try_ms = 0;
    std::int64_t key = 0;               // in the set of its state: the time, or the round
    std::int64_t expires_ms = 0;        // then it is looked at: tried a last time, or given up
    std::uint64_t lease = 0;            // under which it is carried; 0: none
    ItemState state = ItemState::idle;
    bool expired = false;               // its time was over when it was last looked at
    absl::InlinedVector<std::uint32_t, 2> waiting;  // recipients
};

struct Schedule::Mail {
    QueueId id{};
    std::uint64_t sender = 0;
    std::int64_t created_ms = 0;
    std::uint64_t bytes = 0;
    std::int64_t notice_ms = 0;    // 0: nobody is to be told of a delay
    std::int64_t deadline_ms = 0;  // as it stands in mail_deadlines_; 0: none
    bool held = false;
    absl::InlinedVector<Item, 1> items;
};

struct Schedule::Destination {
    std::string name;
    RoutePtr route;
    absl::btree_set<Time> later;                           // (next try, mail)
    absl::btree_set<Time> due;                             // (round, mail)
    absl::flat_hash_map<std::uint64_t, std::int64_t> rounds;  // the last one of each sender that has something due
    std::uint64_t items = 0;
    std::uint32_t leases = 0;
    double window = 1;
    std::uint32_t failures = 0;  // of the destination itself, in a row
    std::int64_t rests_until_ms = 0;
    double tokens = 0;           // of mails_per_minute
    std::int64_t tokens_ms = 0;
    v1::Said said;
    std::uint64_t turn = 0;        // as it stands in ready_; 0: it does not
    std::int64_t ready_since_ms = 0;
    std::int64_t wakeup_ms = 0;    // as it stands in wakeups_; 0: it does not

    std::int64_t round() const { return due.empty() ? 0 : due.begin()->first; }
};

struct Schedule::Lease {
    std::uint64_t id = 0;
    Destination* at = nullptr;
    LeaseStream stream{};
    bool orphaned = false;
    std::int64_t deadline_ms = 0;
    absl::btree_map<QueueId, std::vector<std::uint32_t>> mails;  // recipients that are not reported
};

}  // namespace tayori::spool
