// What is due, where to, and over how many connections at once: the queue's intelligence, in memory alone
// (docs/decisions/0008). Pure: no store, no thread, no lock; time and chance are given to it.
//
// A mail is parted into items, one for each destination of its recipients. An item waits (until a time), is due, is carried
// (under a lease), or is held. At a destination the items of all senders are due in turns: each sender's next one in each
// round, so that a thousand mails of one hold up nobody's single mail. Ready destinations have turns, too.
#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "spoold/ids.h"
#include "spoold/queue/retry.h"
#include "tayori/spool/v1/queue.pb.h"

namespace tayori::spool {

using RoutePtr = std::shared_ptr<const v1::Route>;

struct ScheduleOptions {
    RetryRules retry;
    std::uint32_t connections_start = 2;                // outbound.connections_start
    std::uint32_t connections_per_destination_max = 20; // outbound.connections_per_destination_max
    std::int64_t lease_ms = 900'000;                    // RFC 5321 §4.5.3.2.6: ten minutes for the end of data, and some
    std::int64_t orphan_grace_ms = 60'000;              // how long a lease outlives its stream
    std::int64_t delay_notice_ms = 14'400'000;          // outbound.delay_notice_s; 0: none
    std::function<std::uint64_t()> random;
};

struct PlannedPart {
    std::string destination;
    RoutePtr route;
    std::vector<std::uint32_t> recipients;  // all that wait
    std::int64_t next_try_ms = 0;
};
struct PlannedMail {
    QueueId id{};
    std::uint64_t sender = 0;  // who has turns: a hash of the account, or of the reverse path
    std::int64_t created_ms = 0;
    std::uint64_t bytes = 0;
    bool held = false;
    bool delay_notice = false;  // somebody may still be told that it takes long
    std::vector<PlannedPart> parts;
};

enum class LeaseStream : std::uint64_t {};  // the stream that a lease was made on

struct GrantedMail {
    QueueId id{};
    std::vector<std::uint32_t> recipients;
    bool last_try = false;
};
struct Grant {
    std::uint64_t lease_id = 0;
    std::string destination;
    RoutePtr route;
    std::uint32_t seconds = 0;
    std::vector<GrantedMail> mails;
};

// A mail of which somebody must be told something, or of which recipients have failed, without a carrier's report.
struct Overdue {
    QueueId id{};
    bool delayed = false;                  // its sender may want to know
    std::vector<std::uint32_t> expired;    // recipients whose time is over while their destination fails
    v1::Said said;                         // the destination's last words
};

enum class Ending { done, trouble, destination_failed };

struct ScheduleStats {
    std::uint64_t waiting = 0;  // mails
    std::uint64_t held = 0;
    std::uint64_t leased = 0;   // mails under a lease
    std::uint64_t due = 0;      // items
    std::uint64_t leases = 0;
    std::uint64_t bytes = 0;
    std::uint64_t unknown = 0;
    std::int64_t oldest_ms = 0;  // 0: none
};

class Schedule {
  public:
    Schedule(const Clock& clock, ScheduleOptions options);
    ~Schedule();
    Schedule(const Schedule&) = delete;
    Schedule& operator=(const Schedule&) = delete;

    // A new mail, or what is known of it now; what is being carried stays so. Without parts it is gone.
    void put(PlannedMail mail);
    void erase(QueueId id);
    bool has(QueueId id) const { return mails_.contains(id); }

    // What may be carried now, of the destination whose turn it is, or of this one, to which the carrier has a connection.
    // With `others_wait` a carrier that goes on and on gives way to destinations that have waited for long.
    std::optional<Grant> lease(LeaseStream stream, std::size_t mails_max);
    std::optional<Grant> lease_more(LeaseStream stream, std::size_t mails_max, std::string_view destination,
                                    bool others_wait);
    // These recipients are not carried any more; afterwards put() says what is left. `delivered`: some of them are there.
    void reported(std::uint64_t lease_id, QueueId id, const std::vector<std::uint32_t>& recipients, bool delivered);
    void end(std::uint64_t lease_id, Ending how, const v1::Said& said);
    // The carrier still has these: a lease of that id, made again where it was not known. Returns what it must stop.
    std::vector<QueueId> reclaim(LeaseStream stream, std::uint64_t lease_id, std::string_view destination,
                                 const std::vector<QueueId>& mails);
    void stream_closed(LeaseStream stream);

    // Looks at the clock: ends leases whose time is over, and tells what is overdue. Call it at next_event_ms() at the latest.
    std::vector<Overdue> tick();
    std::int64_t next_event_ms() const;  // INT64_MAX: never
    bool is_ready() const { return !ready_.empty(); }

    ScheduleStats stats() const;
    void list_destinations(const std::function<void(const v1::DestinationStats&)>& visit) const;
    bool knows_lease(std::uint64_t lease_id) const { return leases_.contains(lease_id); }
    bool is_carried(QueueId id, std::uint32_t recipient) const;
    // When the recipient's item is due, rests of the destination included; 0: not known.
    std::int64_t due_ms(QueueId id, std::uint32_t recipient) const;
    // The last words of the recipient's destination while it rests; nullptr: it does not.
    const v1::Said* words_of_destination(QueueId id, std::uint32_t recipient) const;
    // These are due now, their destinations awake.
    void hurry(QueueId id);

  private:
    struct Destination;
    struct Item;
    struct Mail;
    struct Lease;
    using Time = std::pair<std::int64_t, std::uint64_t>;  // and whose

    std::int64_t now() const { return clock_.now_ms(); }
    Destination& destination(const std::string& name, RoutePtr route);
    void forget_if_idle(Destination& at);
    void add_part(Mail& mail, PlannedPart part);
    Item* find(Mail& mail, const Destination& at);
    const Item* waiting_item(QueueId id, std::uint32_t recipient) const;
    void place(Mail& mail, Item& item);     // into the set of its state
    void displace(Mail& mail, Item& item);  // out of it
    void drop_item(Mail& mail, Item& item);
    void set_deadline(Mail& mail);
    void refresh(Destination& at);
    void wake(Destination& at, std::int64_t at_ms);
    std::uint32_t connections_allowed(const Destination& at) const;
    bool may_connect(Destination& at);
    double tokens(Destination& at) const;
    Grant grant(Destination& at, LeaseStream stream, std::size_t mails_max);
    void carry(Lease& lease, Mail& mail, Item& item);
    void give_back(Lease& lease, std::int64_t next_try_ms);
    void close_lease(std::uint64_t id);
    void set_lease_deadline(Lease& lease, std::int64_t at_ms);
    void end_reported(LeaseStream stream, const Destination& at);
    void look_at(Mail& mail, std::vector<Overdue>& overdue);

    const Clock& clock_;
    const ScheduleOptions options_;
    absl::flat_hash_map<QueueId, std::unique_ptr<Mail>> mails_;
    absl::flat_hash_map<std::string, std::unique_ptr<Destination>> destinations_;
    absl::flat_hash_map<std::uint64_t, std::unique_ptr<Lease>> leases_;
    absl::btree_set<std::pair<std::uint64_t, Destination*>> ready_;    // by turn
    absl::btree_set<std::pair<std::int64_t, Destination*>> wakeups_;
    absl::btree_set<Time> lease_deadlines_;
    absl::btree_set<Time> mail_deadlines_;
    std::uint64_t turn_ = 0;
    std::uint64_t next_lease_;
    std::uint64_t bytes_ = 0;
    std::uint64_t held_ = 0;
    std::uint64_t unknown_ = 0;
};

}  // namespace tayori::spool
