// Work for plugins without a session, leased to daemons one piece at a time: once a day for each account that has a plugin with the
// hook `daily`, and after a mailbox has passed a step of its quota for those with `quota`.
//
// When an account's day begins is spread by its id. What is done is durable (keys::plugin_work), and written with what the work
// has brought; so a restart repeats nothing that was finished. Leases are in memory: what was not finished comes again.
//
// The hot path only notes which accounts have changed (touched()), and only while some plugin wants to know: how full they are is
// looked at here, later.
//
// Thread-safe. One thread of its own. Lifetime: stop() before the server goes, and the store's last `done` before this.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "spoold/directory/tickets.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/plugin/plugins.h"
#include "spoold/plugin/work_queue.h"
#include "spoold/queue/mail.h"

namespace tayori::spool {

struct FinishedWork;

class PluginWork {
  public:
    struct Parts {
        Directory& directory;
        Tickets& tickets;
        Mailboxes& mailboxes;
        Plugins& plugins;
        // Told of mails that a commit has put into the queue, on the committer's thread.
        std::function<void(const std::vector<QueuedMail>&)> queued;
        bool traces = true;
    };
    explicit PluginWork(Parts parts);
    ~PluginWork() { stop(); }
    PluginWork(const PluginWork&) = delete;
    PluginWork& operator=(const PluginWork&) = delete;

    void start();
    void stop();

    // Answered when there is something, or with none after wait_ms. Cancelled by its stream and number.
    void lease(const v1::LeasePluginWork& request, std::uint64_t stream, std::uint64_t seq, Answer<v1::LeasePluginWorkReply> done);
    // not_found: the lease is over.
    void finish(Shared<v1::FinishPluginWork> request, Answer<v1::FinishPluginWorkReply> done);
    void cancel(std::uint64_t stream, std::uint64_t seq);
    void stream_closed(std::uint64_t stream);

    // A commit has changed these mailboxes; on the committer's thread.
    void touched(const ChangeSet& changes);

    struct Counts {
        std::size_t waiting = 0;  // work that is due
        std::size_t leased = 0;
        std::uint64_t finished = 0;
    };
    Counts counts() const;

  private:
    struct Waiter {
        std::uint64_t stream = 0, seq = 0;
        std::int64_t until_ms = 0;  // of the steady clock
        std::vector<std::string> daily, quota;
        Answer<v1::LeasePluginWorkReply> done;
    };
    void run();
    // Without the lock.
    void scan();
    void look_at_touched();
    bool is_scan_due() const;
    void serve(std::unique_lock<std::mutex>& lock);
    std::optional<v1::PluginWork> grant(const Waiter& waiter);
    // Of what is due and that one of these plugins is to do. Looks again whether it really is: what was found may be over.
    std::optional<v1::PluginWork> grant(const Waiter& waiter, v1::PluginWorkKind kind, const std::vector<std::string>& names);
    void finished(std::uint64_t lease_id, const std::shared_ptr<FinishedWork>& finished, bool committed);

    const Parts parts_;
    const Clock& clock_;
    store::Store& store_;
    std::atomic<bool> watching_{false};  // some plugin in use wants to know how full mailboxes are

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    WorkQueue queue_;
    std::list<Waiter> waiters_;
    std::uint64_t scanned_version_ = 0;
    std::int64_t scanned_ms_ = 0;      // of the steady clock
    std::int64_t scan_took_ms_ = 0;
    std::atomic<std::uint64_t> finished_{0};
    bool nudged_ = false;
    bool stopping_ = false;
    std::thread thread_;

    std::mutex touched_mutex_;
    absl::flat_hash_set<std::uint64_t> touched_;
    bool touched_too_many_ = false;
};

}  // namespace tayori::spool
