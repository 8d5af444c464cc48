#include "smtpd/outbound/reports.h"

#include <utility>

#include "common/base/log.h"

namespace tayori::smtp {

Async<void> Reports::send(rpc::v1::ReportMail report) {
    while (pending_ >= (spool_.healthy() ? kReportsPendingMax : 1)) co_await arrived_.wait();
    spawn(std::move(report));
}

void Reports::prolong(std::uint64_t lease_id, std::uint64_t queue_id) {
    if (pending_ > 0) return;
    rpc::v1::ReportMail report;
    report.set_lease_id(lease_id);
    report.set_queue_id(queue_id);
    spawn(std::move(report));
}

void Reports::spawn(rpc::v1::ReportMail report) {
    ++pending_;
    tasks_.spawn(deliver(std::move(report)), [this](Result<void>) {
        --pending_;
        arrived_.notify();
    });
}

Async<void> Reports::settled() {
    while (pending_ > 0) co_await arrived_.wait();
}

Async<void> Reports::deliver(rpc::v1::ReportMail report) {
    for (;;) {
        auto reply = co_await spool_.call(report).result();
        if (reply) {
            last_at_ = loop_.now();
            if (!reply->known()) log_debug("reported a mail that is not there", {{"queue_id", report.queue_id()}});
            co_return;
        }
        // Anything but "not now" would be the same the next time.
        if (reply.error().kind != Kind::busy && reply.error().kind != Kind::no_space) {
            log_error("a report was refused", {{"queue_id", report.queue_id()}, {"why", reply.error().text}});
            co_return;
        }
        if (spool_.healthy()) co_await loop_.sleep(kReportPause);
        else co_await loop_.wait(spool_.connected(), loop_.in(kReportPause));
    }
}

}  // namespace tayori::smtp
