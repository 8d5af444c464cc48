// Takes leases from spoold and has each carried by a lane of its own.
#pragma once

#include <memory>

#include "smtpd/outbound/lane.h"
#include "smtpd/outbound/ownership.h"

namespace tayori::smtp {

inline constexpr net::Duration kLeaseWait = std::chrono::seconds(50);     // LeaseMail.wait_ms
inline constexpr net::Duration kLeaseSlack = std::chrono::seconds(10);    // for its answer
inline constexpr net::Duration kLeasePause = std::chrono::seconds(1);     // after an error
inline constexpr net::Duration kLeasePauseMax = std::chrono::seconds(60);

class Carriers {
  public:
    struct Options {
        std::size_t lanes_max = 100;
        std::uint32_t max_age_s = 0;  // of a mail, where its route does not say
        ClientOptions client;
        HostOptions hosts;
        std::uint32_t dkim_expire_days = 0;
    };
    Carriers(Parts& smtp, net::Dns& dns, Options options, OutboundCounters counters);
    Carriers(const Carriers&) = delete;
    Carriers& operator=(const Carriers&) = delete;

    void start();
    // Takes no more, finishes the mails that are on their way, ends all leases. Cancel it where it takes too long.
    Async<void> drain();

  private:
    Async<void> take_leases();
    Async<void> carry(v1::Lease lease);

    net::Loop& loop_;
    rpc::Spool& spool_;
    Options options_;
    Hosts hosts_;
    Ownership ownership_;
    ReportHooks hooks_;
    LaneParts parts_;
    std::size_t lanes_open_ = 0;
    Event lane_ended_;
    Tasks lanes_;
    std::unique_ptr<Tasks> taking_;  // last
};

}  // namespace tayori::smtp
