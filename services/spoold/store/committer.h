// The committer: runs all mutations in order, one group at a time, and makes each group durable with one write and one sync.
//
// Requests that arrive while a group is on its way to the disk form the next one. Nothing waits for company.
//
// Who runs a group: the thread that submitted it, at the end of its Store::Batch, where it is alone and nobody is at it (so that
// one client's mail costs no change of threads), else the committer's own thread. One at a time.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/base/clock.h"
#include "spoold/store/index.h"
#include "spoold/store/staging.h"

namespace tayori::store {

struct CommitterOptions {
    std::size_t group_requests_max = 0;
    std::uint64_t group_bytes_max = 0;
    std::size_t queue_requests_max = 0;
    std::uint64_t unflushed_bytes_max = 0;
    std::function<bool()> has_space;
    std::function<void()> on_applied;  // a group is durable and readable, its answers follow
    std::function<void()> answers_begin;  // around the answers of a group, on their thread
    std::function<void()> answers_end;
    // The disk failed. Everybody has been answered; nothing will be committed any more.
    std::function<void(const std::string& reason)> on_fatal;
};

class Overlay;

class Committer {
  public:
    Committer(Log& log, Index& index, UploadArea& uploads, const Clock& clock, CommitterOptions options);
    ~Committer();  // as stop()

    void submit(Request request);
    // Between them, what this thread submits waits for end_batch(), which commits it here or leaves it to who is at it.
    void begin_batch();
    void end_batch();
    int leave_batches();
    void enter_batches(int depth);
    // What is queued is still done (unless the disk failed); later requests are answered busy.
    void stop();
    bool failed() const { return failed_; }
    std::uint64_t groups() const { return groups_; }
    std::uint64_t mutations() const { return mutations_; }

  private:
    using Outcomes = std::vector<Result<void>>;
    void run();
    void run_group();
    void take_queue();  // under mutex_
    void lead();
    Result<void> apply_one(Overlay& overlay, const Request& request, bool space);
    Result<void> make_durable(Overlay& overlay);
    void answer(std::size_t count, Outcomes outcomes);
    void fail_all(const Error& cause);
    void flush_when_due(std::uint64_t changes_bytes);

    Log& log_;
    Index& index_;
    UploadArea& uploads_;
    const Clock& clock_;
    const CommitterOptions options_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Request> queue_;  // guarded by mutex_, as are these
    bool stopping_ = false;
    bool leading_ = false;  // a thread runs groups: what follows is its own

    std::deque<Request> taken_;  // in order
    std::atomic<std::size_t> last_group_ = 0;  // requests in it
    std::uint64_t bytes_since_flush_ = 0;
    std::atomic<bool> failed_ = false;
    std::atomic<std::uint64_t> groups_ = 0;
    std::atomic<std::uint64_t> mutations_ = 0;
    std::thread thread_;
};

}  // namespace tayori::store
