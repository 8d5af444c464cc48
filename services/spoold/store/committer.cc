#include "spoold/store/committer.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/overlay.h"

namespace tayori::store {
namespace {

Error busy(std::string detail) {
    return Error::make(Kind::busy, "Temporarily unavailable, try again.", std::move(detail));
}

thread_local int batches = 0;  // open on this thread

}  // namespace

Committer::Committer(Log& log, Index& index, UploadArea& uploads, const Clock& clock,
                     CommitterOptions options)
    : log_(log), index_(index), uploads_(uploads), clock_(clock), options_(std::move(options)) {
    thread_ = std::thread([this] { run(); });
}

Committer::~Committer() { stop(); }

void Committer::submit(Request request) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_ && !failed_ && queue_.size() < options_.queue_requests_max) {
            queue_.push_back(std::move(request));
            if (!leading_ && batches == 0) wake_.notify_all();
            return;
        }
    }
    request.done(fail(busy("the commit queue is full or closed")));
}

void Committer::begin_batch() { ++batches; }

void Committer::end_batch() {
    if (--batches == 0) lead();
}

int Committer::leave_batches() {
    const int depth = std::exchange(batches, 0);
    if (depth != 0) lead();
    return depth;
}

void Committer::enter_batches(int depth) { batches = depth; }

// What waits is committed by this thread, where it is alone and nobody is at it.
void Committer::lead() {
    {
        const std::lock_guard lock(mutex_);
        // Whoever leads looks at the queue again before he stops.
        if (queue_.empty() || leading_ || failed_) return;
        // With company, groups are better gathered by the committer's thread than led off one by one.
        if (queue_.size() > 1 || last_group_ > 1) return wake_.notify_all();
        leading_ = true;
        take_queue();
    }
    while (!taken_.empty() && !failed_) run_group();
    const std::lock_guard lock(mutex_);
    leading_ = false;
    wake_.notify_all();
}

void Committer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void Committer::take_queue() {
    std::move(queue_.begin(), queue_.end(), std::back_inserter(taken_));
    queue_.clear();
}

// The committer's own thread. It ends last: what another thread leads is waited for.
void Committer::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return !leading_ && (stopping_ || failed_ || !queue_.empty()); });
        if (failed_ || queue_.empty()) return;
        leading_ = true;
        while (!queue_.empty() && !failed_) {
            take_queue();
            lock.unlock();
            run_group();
            lock.lock();
        }
        // A group has its bounds: the rest of what was taken.
        while (!taken_.empty() && !failed_) {
            lock.unlock();
            run_group();
            lock.lock();
            if (taken_.size() < options_.group_requests_max) take_queue();
        }
        leading_ = false;
        if (failed_) return;
    }
}

Result<void> Committer::apply_one(Overlay& overlay, const Request& request, bool space) {
    if (!space && request.effect == Effect::grows) return fail(Kind::no_space, "The disk is full.");
    overlay.begin_mutation();
    Result<void> outcome;
    try {
        outcome = request.apply(overlay);
    } catch (const std::exception& problem) {
        log_error("store: a mutation threw", {{"detail", problem.what()}});
        outcome = fail(Kind::internal, "Internal error.", problem.what());
    }
    return overlay.end_mutation(std::move(outcome));
}

Result<void> Committer::make_durable(Overlay& overlay) {
    std::string changes;
    std::vector<std::string_view> bodies;
    overlay.encode(changes, bodies);
    const auto changes_bytes = changes.size();
    auto record = log_.append(std::move(changes), bodies);
    if (!record) return fail(record.error());
    // The record is synced, so it is committed, whatever happens now: if the index does not take it, only a new start
    // with its replay can.
    if (auto applied = index_.apply(*record, *log_.active()); !applied) {
        return fail(busy(applied.error().detail));
    }
    overlay.committed();
    options_.on_applied();
    flush_when_due(changes_bytes);
    return {};
}

void Committer::run_group() {
    if (auto well = index_.healthy(); !well) {
        if (well.error().kind != Kind::no_space) return fail_all(well.error());
        const auto count = taken_.size();
        return answer(count, Outcomes(count, fail(Error(well.error()))));
    }
    const bool space = options_.has_space();
    Outcomes outcomes;
    Overlay overlay(index_, &uploads_, clock_.now_ms());
    const auto most = std::min(taken_.size(), options_.group_requests_max);
    while (outcomes.size() < most && overlay.bytes() < options_.group_bytes_max) {
        outcomes.push_back(apply_one(overlay, taken_[outcomes.size()], space));
    }
    if (!overlay.empty()) {
        if (auto durable = make_durable(overlay); !durable) {
            if (durable.error().kind != Kind::no_space) return fail_all(durable.error());
            // Nothing of the group has happened. Also who was refused is told so: what the refusal rested on may
            // have been another one's change in this group.
            std::fill(outcomes.begin(), outcomes.end(), fail(Error(durable.error())));
        } else {
            ++groups_;
        }
    }
    mutations_ += outcomes.size();
    last_group_ = outcomes.size();
    const auto count = outcomes.size();
    answer(count, std::move(outcomes));
}

void Committer::answer(std::size_t count, Outcomes outcomes) {
    if (options_.answers_begin) options_.answers_begin();
    for (std::size_t i = 0; i < count; ++i) {
        const auto done = std::move(taken_.front().done);
        taken_.pop_front();
        if (!done) continue;
        try {
            done(std::move(outcomes[i]));
        } catch (const std::exception& problem) {
            log_error("store: an answer threw", {{"detail", problem.what()}});
        }
    }
    if (options_.answers_end) options_.answers_end();
}

void Committer::fail_all(const Error& cause) {
    log_error("store: the disk failed, nothing more is committed", {{"detail", cause.detail}});
    std::vector<Request> waiting;
    {
        const std::lock_guard lock(mutex_);
        failed_ = true;
        waiting.swap(queue_);
    }
    std::move(waiting.begin(), waiting.end(), std::back_inserter(taken_));
    const auto count = taken_.size();
    answer(count, Outcomes(count, fail(busy(cause.detail))));
    options_.on_fatal(cause.detail);
}

void Committer::flush_when_due(std::uint64_t changes_bytes) {
    bytes_since_flush_ += changes_bytes;
    // The second condition: a flush that was asked for needs its time.
    if (index_.unflushed_bytes() < options_.unflushed_bytes_max ||
        bytes_since_flush_ < options_.unflushed_bytes_max / 2) {
        return;
    }
    bytes_since_flush_ = 0;
    if (auto started = index_.flush(false); !started) {
        log_warn("store: the index could not be flushed", {{"detail", started.error().detail}});
    }
}

}  // namespace tayori::store
