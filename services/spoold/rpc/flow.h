// An answer in many replies: made piece by piece on the readers' threads, as far as the caller's
// credit goes, while the stream's queue is not full. Between two pieces others have their turn.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "spoold/rpc/session.h"
#include "spoold/rpc/workers.h"

namespace tayori::spool {

class Flow : public std::enable_shared_from_this<Flow> {
  public:
    // Fills the next reply, of about bytes_max; false: it is the last.
    using Next = std::function<Result<bool>(std::size_t bytes_max, v1::Reply& reply)>;
    enum class End { complete, broken };  // broken: cancelled, failed, or the stream is gone
    // Called once, on a reader's thread or the canceller's; with `complete` after the last reply is
    // queued.
    using OnEnd = std::function<void(End)>;

    // Starts at once; with too many on the stream the call is refused. `open` makes Next, on a
    // reader's thread.
    static void start(Workers& readers, Call call, std::function<Result<Next>()> open,
                      OnEnd on_end);

    void add_credit(std::uint64_t bytes);
    void resume();  // the queue has drained
    void cancel();

  private:
    Flow(Workers& readers, Call call, std::function<Result<Next>()> open, OnEnd on_end);
    void schedule();
    void run();
    Result<bool> make_piece(v1::Reply& reply);
    void end(End how);

    Workers& readers_;
    Call call_;
    std::function<Result<Next>()> open_;
    Next next_;
    OnEnd on_end_;

    std::mutex mutex_;
    std::int64_t credit_ = static_cast<std::int64_t>(rpc::kCreditStart);
    bool busy_ = false;  // scheduled or running
    bool cancelled_ = false;
    bool ended_ = false;
};

}  // namespace tayori::spool
