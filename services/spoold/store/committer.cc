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
            if (queue_.size() == 1) wake_.notify_one();
            return;
        }
    }
    request.done(fail(busy("the commit queue is full or closed")));
}

void Committer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
}

void Committer::wait_for_requests() {
    std::unique_lock lock(mutex_);
    if (taken_.empty()) wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (taken_.size() >= options_.group_requests_max) return;
    std::move(queue_.begin(), queue_.end(), std::back_inserter(taken_));
    queue_.clear();
}

void Committer::run() {
    for (;;) {
        wait_for_requests();
        if (taken_.empty()) return;  // stopping, and everything is done
        run_group();
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
    const auto count = outcomes.size();
    answer(count, std::move(outcomes));
}

void Committer::answer(std::size_t count, Outcomes outcomes) {
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
