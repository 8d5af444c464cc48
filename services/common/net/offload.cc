#include "common/net/offload.h"

#include <uv.h>

namespace tayori::net::detail {

struct PoolJob::Request {
    uv_work_t uv;
    std::function<void()> work;
    std::shared_ptr<PoolJob> job;  // until the pool has called back
};

struct PoolCallbacks {
    static std::size_t pending;  // the loop's thread only

    static void work(uv_work_t* uv) { static_cast<PoolJob::Request*>(uv->data)->work(); }
    static void done(uv_work_t* uv, int) {
        std::unique_ptr<PoolJob::Request> request(static_cast<PoolJob::Request*>(uv->data));
        --pending;
        request->job->request_ = nullptr;
        auto done = std::exchange(request->job->done_, nullptr);
        if (done) done();
    }
};
std::size_t PoolCallbacks::pending = 0;

Result<std::shared_ptr<PoolJob>> PoolJob::start(Loop& loop, std::function<void()> work,
                                                std::function<void()> done) {
    if (PoolCallbacks::pending >= kOffloadPendingMax)
        return fail(Kind::busy, "Too busy, try again later.", "offload queue is full");
    auto job = std::make_shared<PoolJob>();
    job->done_ = std::move(done);
    job->request_ = new Request{{}, std::move(work), job};
    job->request_->uv.data = job->request_;
    uv_queue_work(loop.raw(), &job->request_->uv, PoolCallbacks::work, PoolCallbacks::done);
    ++PoolCallbacks::pending;
    return job;
}

void PoolJob::cancel() {
    done_ = nullptr;
    // Succeeds only before a thread has taken it; the callback comes in any case and frees the request.
    if (request_ != nullptr) uv_cancel(reinterpret_cast<uv_req_t*>(&request_->uv));
}

}  // namespace tayori::net::detail
