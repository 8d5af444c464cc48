// The outbound queue at work: carriers' calls (proto/tayori/spool/v1/queue.proto) over Queue, what is stored, and Schedule, what
// is due. Whatever changes a mail is one mutation; the schedule learns of it afterwards, from the record.
//
// Thread-safe. One thread of its own serves who waits for something to carry. Lifetime: stop() before the store is closed;
// answers of the store may come until then.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/mail/dsn.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/queue/queue.h"
#include "spoold/queue/routes.h"
#include "spoold/queue/schedule.h"
#include "spoold/queue/settle.h"
#include "spoold/queue/trace.h"

namespace tayori::spool {

struct OutgoingOptions {
    ScheduleOptions schedule;
    NoticeOptions notices;
    std::uint32_t trace_days = 14;
    std::int64_t reclaim_wait_ms = 8'000;  // after a start, for carriers that still have mails: they are back within 5 s
    bool clock_jumps = false;              // a test's clock: it is looked at every second
};

// What the queue needs of the directory; functions so that tests need none.
struct OutgoingHooks {
    Routes::IsOurs is_ours;
    std::function<std::vector<std::string>()> domains;  // ours
    TraceHooks trace;
    // Keys that sign for an author's domain (spoold/dkim); none: it is not ours, or unsigned.
    std::function<Result<std::vector<v1::DkimKey>>(const std::string& domain)> dkim_keys;
};

struct OutgoingCounts {
    std::atomic<std::uint64_t> delivered{0};  // recipients
    std::atomic<std::uint64_t> deferred{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> notices{0};
};

class Outgoing {
  public:
    Outgoing(store::Store& store, const Clock& clock, Routes& routes, OutgoingOptions options, OutgoingHooks hooks);
    ~Outgoing();
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    // Makes the schedule from what is stored; then serves. `offload` runs what reads bodies; without it, it runs at once.
    using Offload = std::function<void(std::function<void()>)>;
    Result<void> start(Offload offload);
    void stop();

    // Calls of carriers. A LeaseMail that waits is answered later, or cancelled by its stream and number.
    void lease_mail(const v1::LeaseMail& request, LeaseStream stream, std::uint64_t seq, Answer<v1::LeaseMailReply> done);
    Result<std::unique_ptr<Cursor<v1::FetchQueuedReply>>> fetch_queued(const v1::FetchQueued& request) const;
    void report_mail(const v1::ReportMail& request, Answer<v1::ReportMailReply> done);
    Result<v1::EndLeaseReply> end_lease(const v1::EndLease& request);
    Result<v1::ReclaimLeasesReply> reclaim_leases(const v1::ReclaimLeases& request, LeaseStream stream);
    void cancel(LeaseStream stream, std::uint64_t seq);
    void stream_closed(LeaseStream stream);

    // Mails that a commit has added; on the committer's thread.
    void queued(const std::vector<QueuedMail>& mails);

    // Administrators (outgoing_admin.cc).
    Result<void> list(const v1::ListQueueRequest& request, const std::function<bool(const v1::QueuedMail&)>& visit) const;
    Result<v1::QueuedMail> show(QueueId id) const;
    enum class Change { hold, release, retry, route, cancel, cancel_and_tell };
    // `via` of Change::route: RouteQueuedRequest.via.
    Result<v1::QueueChanged> change(const v1::SelectQueued& select, Change what, const std::string& via = {});
    Result<v1::QueueStats> stats() const;
    Result<void> trace(const v1::TraceRequest& request, const std::function<bool(const v1::TracedMail&)>& visit) const;
    Result<v1::SendMailResponse> send(const v1::SendMailRequest& request);

    // Every minute: old traces go, and a domain that has become ours or another's is noticed.
    void tick();
    // All mails take the way that the routes say now.
    void plan_anew();

    ScheduleStats schedule_stats() const;
    const OutgoingCounts& counts() const { return counts_; }
    const OutgoingOptions& options() const { return options_; }
    Routes& routes() { return routes_; }

  private:
    struct Waiter {
        LeaseStream stream{};
        std::uint64_t seq = 0;
        std::size_t mails_max = 1;
        std::chrono::steady_clock::time_point until;
        Answer<v1::LeaseMailReply> done;
    };

    void run();
    std::chrono::milliseconds until_next_event() const;
    void serve_waiters(std::unique_lock<std::mutex>& lock);
    void look_at_clock();
    void drop_waiters(const std::function<bool(const Waiter&)>& which);
    void nudge();  // with mutex_ held: somebody may have something to carry now

    std::optional<PlannedMail> plan_of(const QueuedMail& mail) const;
    void plan(const QueuedMail& mail);  // with mutex_ held, as the next
    void plan_as_stored(QueueId id);
    // Without mails afterwards: nothing of the grant was left, and it has ended.
    Result<void> fill_lease(const Grant& grant, v1::Lease& lease);
    Result<void> fill_mail(const Grant& grant, const GrantedMail& given, std::size_t& room, v1::Lease& lease);
    // For the author of each mail.
    Result<void> add_keys(v1::Lease& lease) const;

    // Does with a mail what `fates` say, and tells the schedule. `lease_id` 0: nobody carried it.
    void settle(const QueuedMail& mail, std::uint64_t lease_id, std::vector<Fate> fates, Answer<bool> done);
    void settled(const Settled& settled, QueueId id, std::uint64_t lease_id, const std::vector<Fate>& fates);
    void settle_overdue(const Overdue& overdue);
    void submit_settlement(std::shared_ptr<Settlement> settlement, std::uint64_t lease_id, Answer<bool> done);
    Result<void> read_original(const QueuedMail& mail, Settlement& settlement) const;
    std::string notice_sender(const QueuedMail& mail) const;

    Result<void> visit_selected(const v1::SelectQueued& select, const std::function<bool(const QueuedMail&)>& visit) const;
    void to_wire(const QueuedMail& mail, v1::QueuedMail& out) const;
    Result<std::uint64_t> change_some(const std::vector<QueueId>& ids, Change what, const std::string& via);
    Result<bool> cancel_one(QueueId id, bool tell);

    store::Store& store_;
    const Clock& clock_;
    Routes& routes_;
    const OutgoingOptions options_;
    const OutgoingHooks hooks_;
    const Queue queue_;
    OutgoingCounts counts_;
    Offload offload_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Schedule schedule_;
    std::deque<Waiter> waiters_;
    std::vector<std::string> domains_;
    bool nudged_ = false;
    bool plan_anew_ = false;  // routes have changed
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tayori::spool
