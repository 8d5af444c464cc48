// What happened to mails, told to spoold at once: a lane goes on with its next mail meanwhile, but not to its lease's end.
//
// A report is never dropped while the process lives: it is repeated until spoold has it (ReportMail is safe to repeat).
#pragma once

#include "common/base/sync.h"
#include "common/net/loop.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

inline constexpr std::size_t kReportsPendingMax = 32;  // of one lane; then it waits
inline constexpr net::Duration kReportPause = std::chrono::seconds(1);

class Reports {
  public:
    Reports(net::Loop& loop, rpc::Spool& spool) : loop_(loop), spool_(spool) {}
    Reports(const Reports&) = delete;
    Reports& operator=(const Reports&) = delete;

    // Waits only while kReportsPendingMax are on their way; while spoold is away, until the one before has arrived: what is sent
    // meanwhile would be sent again, were this process killed before spoold is back.
    Async<void> send(rpc::v1::ReportMail report);
    // An empty one, where none is on its way: the lease lives on.
    void prolong(std::uint64_t lease_id, std::uint64_t queue_id);
    // Until all have arrived.
    Async<void> settled();
    // When the last one arrived: it has prolonged the lease.
    net::Deadline last_at() const { return last_at_; }
    void restart_clock() { last_at_ = loop_.now(); }

  private:
    void spawn(rpc::v1::ReportMail report);
    Async<void> deliver(rpc::v1::ReportMail report);

    net::Loop& loop_;
    rpc::Spool& spool_;
    std::size_t pending_ = 0;
    net::Deadline last_at_{};
    Event arrived_;
    Tasks tasks_;  // last
};

}  // namespace tayori::smtp
