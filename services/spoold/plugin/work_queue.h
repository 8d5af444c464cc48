// Which work is due, and who is at which: in memory, made from the store. Pure, and told the time. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spoold/ids.h"
#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::spool {

namespace v1 = ::tayori::spool::v1;

// What is durable of an account's work (keys::plugin_work).
struct PluginWorkRow {
    std::int64_t daily_ms = 0;        // when the last daily work was due; 0: never
    std::uint32_t quota_step = 0;     // the last that plugins were told: 0, 80, 90, 95
    std::int64_t sample_ms = 0;       // what the mailbox held then, to foresee when it will be full; 0: none
    std::uint64_t sample_bytes = 0;
    std::uint64_t sample_messages = 0;

    std::string encode() const;
    static PluginWorkRow decode(std::string_view bytes);
};

// The steps of a quota that plugins are told of.
std::uint32_t quota_step(std::uint32_t percent);
// How full a mailbox is, by the fuller one of both quotas; rounded down.
std::uint32_t quota_percent(const v1::PluginUsage& usage);
// When it will be full at the rate since the sample, or without one since the account was made; 0: not foreseeable.
std::int64_t full_at_s(const v1::PluginUsage& usage, const PluginWorkRow& row, std::int64_t created_s, std::int64_t now_ms);

// When an account's daily work is due after what was done last: a day later; the first time at its own time of the day, the first one
// since the account was made. So a server that is never on at that time does it late, and does it.
std::int64_t daily_due_ms(AccountId account, const PluginWorkRow& row, std::int64_t created_ms);

// What PluginWorkRow::daily_ms becomes when it is done now: days that were missed are not made up for, and the time of the day stays.
std::int64_t daily_done_ms(std::int64_t due_ms, std::int64_t now_ms);

struct WorkItem {
    v1::PluginWorkKind kind = v1::PLUGIN_WORK_KIND_UNSPECIFIED;
    AccountId account{};
    std::int64_t due_ms = 0;
    std::uint32_t step = 0;  // of quota work: what is told
};

class WorkQueue {
  public:
    struct Lease {
        std::uint64_t id = 0;
        std::uint64_t stream = 0;
        std::int64_t until_ms = 0;
        bool finishing = false;  // its commit is on the way: it does not end by itself
        WorkItem item;
    };

    // Replaces what is known of this kind and account; what is leased stays leased, and is looked at anew when it ends.
    void put(const WorkItem& item);
    void drop(v1::PluginWorkKind kind, AccountId account);
    // Everything that is not in `accounts`, ascending, goes.
    void keep_only(v1::PluginWorkKind kind, const std::vector<AccountId>& accounts);

    // The first that is due and that `may` lets through; leases that are over end first. At most `looks_max` are asked about.
    template <class May>
    std::optional<WorkItem> due(v1::PluginWorkKind kind, std::int64_t now_ms, std::size_t looks_max, May may) {
        expire(now_ms);
        for (const auto& [at_ms, account] : queue_of(kind)) {
            if (at_ms > now_ms || looks_max-- == 0) break;
            const auto& item = items_.at({kind, account});
            if (may(item)) return item;
        }
        return std::nullopt;
    }
    std::optional<std::int64_t> next_event_ms() const;

    void lease(const WorkItem& item, const Lease& lease);
    const Lease* find(std::uint64_t id, std::int64_t now_ms);
    // Its work is being written. False: it is over.
    bool begin_finish(std::uint64_t id, std::int64_t now_ms);
    // Written; `due_ms` of the next (0: none for now). Or not: it is due as before.
    void finished(std::uint64_t id, std::int64_t due_ms);
    void give_back(std::uint64_t id);
    void stream_closed(std::uint64_t stream);

    std::size_t due_count(std::int64_t now_ms) const;
    std::size_t leased() const { return leases_.size(); }
    bool is_leased(v1::PluginWorkKind kind, AccountId account) const { return leased_.contains({kind, account}); }

  private:
    using Key = std::pair<v1::PluginWorkKind, AccountId>;
    using Queue = std::set<std::pair<std::int64_t, AccountId>>;
    Queue& queue_of(v1::PluginWorkKind kind) { return kind == v1::PLUGIN_WORK_KIND_DAILY ? daily_ : quota_; }
    const Queue& queue_of(v1::PluginWorkKind kind) const { return kind == v1::PLUGIN_WORK_KIND_DAILY ? daily_ : quota_; }
    void expire(std::int64_t now_ms);
    void end(std::uint64_t id);

    std::map<Key, WorkItem> items_;  // leased or not
    Queue daily_, quota_;            // those that are not
    std::map<std::uint64_t, Lease> leases_;
    std::map<Key, std::uint64_t> leased_;
};

}  // namespace tayori::spool
