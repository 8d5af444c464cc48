// Which source is due, and who is at work on which: in memory, made anew from the store at each start. Pure, and told the time.
// Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "spoold/ids.h"
#include "tayori/spool/v1/fetch.pb.h"

namespace tayori::spool {

namespace v1 = ::tayori::spool::v1;

// When a source is due again after a run that ended at `now_s` with `problem`, the last of `failures` in a row.
std::int64_t fetch_due_again_s(std::int64_t now_s, std::uint32_t interval_s, v1::FetchProblem problem,
                               std::uint32_t failures);
// Does it count as one?
bool is_fetch_failure(v1::FetchProblem problem);

class FetchSchedule {
  public:
    struct Lease {
        std::uint64_t id = 0;
        FetchId source{};
        AccountId account{};
        ImportId import{};
        std::int64_t until_ms = 0;
    };

    // A source as the store has it now. One that is leased stays so. `by_hand`: earlier lapses are forgotten.
    void put(FetchId id, AccountId account, bool enabled, std::int64_t due_ms, bool by_hand = false);
    void erase(FetchId id);
    // It can't be fetched now; nothing is written about that.
    void postpone(FetchId id, std::int64_t due_ms);

    // The one that is due longest. Leases that are over end first.
    std::optional<FetchId> due(std::int64_t now_ms);
    // When due() may have something new. Nothing: not before something is put.
    std::optional<std::int64_t> next_event_ms() const;

    void lease(FetchId source, const Lease& lease);
    const Lease* find(std::uint64_t lease_id, std::int64_t now_ms);
    bool renew(std::uint64_t lease_id, std::int64_t now_ms, std::int64_t until_ms);
    // Ended by its worker. The source is due as it was.
    void end(std::uint64_t lease_id);
    bool is_leased(FetchId id, std::int64_t now_ms);
    // By anybody, of any source of this account; import 0: whichever.
    bool covers(AccountId account, ImportId import, std::int64_t now_ms);

    std::optional<AccountId> account_of(FetchId id) const;
    std::uint32_t lapses(FetchId id) const;
    std::size_t size() const { return sources_.size(); }
    std::size_t leases() const { return leases_.size(); }

  private:
    struct Source {
        AccountId account{};
        bool enabled = true;
        std::int64_t due_ms = 0;
        std::uint64_t lease = 0;
        std::uint32_t lapses = 0;
        std::int64_t not_before_ms = 0;  // after lapses
        std::int64_t ready_ms() const { return std::max(due_ms, not_before_ms); }
    };
    void queue(FetchId id, const Source& source);
    void unqueue(FetchId id, const Source& source);
    void expire(std::int64_t now_ms);

    std::map<FetchId, Source> sources_;
    std::set<std::pair<std::int64_t, FetchId>> queue_;  // enabled, and leased by nobody
    std::map<std::uint64_t, Lease> leases_;
};

}  // namespace tayori::spool
