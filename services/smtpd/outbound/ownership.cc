#include "smtpd/outbound/ownership.h"

#include <utility>

#include "common/base/log.h"
#include "smtpd/outbound/lane.h"

namespace tayori::smtp {

Async<void> Ownership::watch() {
    for (;;) {
        while (spool_.healthy()) co_await spool_.disconnected().wait();
        confirmed_ = false;
        dropped_at_ = loop_.now();
        while (!spool_.healthy()) co_await spool_.connected().wait();
        co_await reclaim();
    }
}

Async<void> Ownership::reclaim() {
    while (spool_.healthy()) {
        rpc::v1::ReclaimLeases request;
        for (const auto& [id, lane] : lanes_) *request.add_leases() = lane->held();
        if (request.leases_size() == 0) {
            confirmed_ = true;
            co_return;
        }
        auto reply = co_await spool_.call(std::move(request)).result();
        if (reply) {
            for (const auto id : reply->lost()) {
                const auto found = lanes_.find(id);
                if (found == lanes_.end()) continue;
                log_warn("a lease is lost", {{"lease", id}});
                found->second->lose();
            }
            confirmed_ = true;
            changed_.notify();
            co_return;
        }
        if (spool_.healthy()) co_await loop_.sleep(kReclaimPause);
    }
}

Async<bool> Ownership::confirmed() {
    const auto until = dropped_at_ + kStreamGrace;
    while (!confirmed_ && loop_.now() < until) {
        // Without a stream nobody can be asked: within the grace spoold gives it to nobody.
        if (!spool_.healthy()) co_return true;
        co_await loop_.wait(changed_, until);
    }
    co_return confirmed_;
}

}  // namespace tayori::smtp
