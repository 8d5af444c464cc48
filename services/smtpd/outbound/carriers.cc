#include "smtpd/outbound/carriers.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "smtpd/session.h"

namespace tayori::smtp {

Carriers::Carriers(Parts& smtp, net::Dns& dns, Options options, OutboundCounters counters)
    : loop_(smtp.loop),
      spool_(smtp.spool),
      options_(std::move(options)),
      hosts_(dns, options_.hosts),
      ownership_(loop_, spool_),
      hooks_(smtp.plugins),
      parts_{smtp, hosts_, options_.client, ownership_, counters, hooks_, options_.max_age_s, false, {}},
      taking_(std::make_unique<Tasks>()) {
    parts_.dkim_expire_days = options_.dkim_expire_days;
}

void Carriers::start() {
    if (options_.lanes_max == 0 || parts_.draining) return;
    taking_->spawn(take_leases());
    lanes_.spawn(ownership_.watch());
}

Async<void> Carriers::take_leases() {
    auto pause = kLeasePause;
    for (;;) {
        while (lanes_open_ >= options_.lanes_max) co_await lane_ended_.wait();
        v1::LeaseMail request;
        request.set_wait_ms(static_cast<std::uint32_t>(kLeaseWait.count()));
        request.set_mails_max(kLeaseMailsMax);
        const rpc::CallOptions patient{kLeaseWait + kLeaseSlack};
        auto reply = co_await spool_.call(std::move(request), {}, patient).result();
        if (reply) {
            pause = kLeasePause;
            if (reply->lease().lease_id() != 0) lanes_.spawn(carry(std::move(*reply->mutable_lease())));
            continue;
        }
        if (reply.error().kind != Kind::busy)
            log_warn("no mail is leased", {{"kind", to_string(reply.error().kind)}, {"why", reply.error().text}});
        if (spool_.healthy()) co_await loop_.sleep(pause);
        else co_await loop_.wait(spool_.connected(), loop_.in(pause));
        pause = std::min(2 * pause, kLeasePauseMax);
    }
}

Async<void> Carriers::carry(v1::Lease lease) {
    // Cancelled, too, a lane is not open any more.
    struct Open {
        explicit Open(Carriers& c) : carriers(c) {
            ++carriers.lanes_open_;
            carriers.parts_.counters.lanes.add(1);
        }
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;
        ~Open() {
            --carriers.lanes_open_;
            carriers.parts_.counters.lanes.add(-1);
        }
        Carriers& carriers;
    };
    {
        const Open open(*this);
        Lane lane(parts_, std::move(lease));
        auto carried = co_await lane.run().result();
        if (!carried)
            log_warn("a lane has failed", {{"kind", to_string(carried.error().kind)}, {"detail", carried.error().detail}});
    }
    lane_ended_.notify();
}

Async<void> Carriers::drain() {
    taking_ = std::make_unique<Tasks>();
    parts_.draining = true;
    parts_.drain.notify();
    while (lanes_open_ > 0) co_await lane_ended_.wait();
}

}  // namespace tayori::smtp
