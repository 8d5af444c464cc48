// Which leases this process holds, and whether it may still act on them after its stream to spoold has dropped.
//
// Invariant: of a lease that spoold may have given to another nothing is finished: the end of data is sent only while the stream
// stands and the lease was confirmed since it last dropped, or within kStreamGrace of the drop.
#pragma once

#include <cstdint>
#include <map>

#include "common/base/sync.h"
#include "common/net/loop.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

class Lane;

// Below spoold's own grace (queue.proto, kOrphanGrace), by what a clock and a network may differ.
inline constexpr net::Duration kStreamGrace = std::chrono::seconds(20);
inline constexpr net::Duration kReclaimPause = std::chrono::seconds(1);

class Ownership {
  public:
    Ownership(net::Loop& loop, rpc::Spool& spool) : loop_(loop), spool_(spool) {}

    void add(std::uint64_t lease_id, Lane& lane) { lanes_[lease_id] = &lane; }
    void remove(std::uint64_t lease_id) { lanes_.erase(lease_id); }
    bool empty() const { return lanes_.empty(); }

    // Follows the stream; for ever.
    Async<void> watch();
    // May something be finished now? Waits for the answer to a reclaim.
    Async<bool> confirmed();

  private:
    Async<void> reclaim();

    net::Loop& loop_;
    rpc::Spool& spool_;
    std::map<std::uint64_t, Lane*> lanes_;
    bool confirmed_ = true;
    net::Deadline dropped_at_{};
    Event changed_;
};

}  // namespace tayori::smtp
