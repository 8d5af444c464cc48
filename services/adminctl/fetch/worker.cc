#include "adminctl/fetch/worker.h"

#include <algorithm>
#include <chrono>

#include "adminctl/fetch/pull.h"
#include "adminctl/fetch/text.h"
#include "adminctl/table.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::uint32_t kWaitS = 60;  // for a lease; then it is asked for again
constexpr std::chrono::milliseconds kAskAgainFirst{250};
constexpr std::chrono::milliseconds kAskAgainMax{15'000};
constexpr std::uint32_t kRenewalsPerLease = 3;

}  // namespace

FetchWorker::Counts::Counts(Metrics& metrics)
    : runs(metrics.counter("runs_total", "Sources that were fetched from.")),
      failures(metrics.counter("failures_total", "Of these runs, those that ended with a problem.")),
      fetched(metrics.counter("fetched_total", "Mails that were fetched.")) {}

FetchWorker::FetchWorker(Parts parts, unsigned jobs) : parts_(parts), counts_(parts.metrics) {
    parts_.metrics.ask("running", "Sources that are being fetched from.", Metrics::Type::gauge, [this] {
        const std::lock_guard lock(mutex_);
        return static_cast<double>(leases_.size());
    });
    for (unsigned i = 0; i < std::max(jobs, 1U); ++i) threads_.emplace_back([this] { work(); });
    renewer_ = std::thread([this] { renew(); });
}

void FetchWorker::stop() {
    stop_.set();
    parts_.fetch.stop_waiting();
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    if (renewer_.joinable()) renewer_.join();
}

void FetchWorker::work() {
    auto pause = kAskAgainFirst;
    while (!stop_.is_set()) {
        v1::LeaseFetchSourceRequest request;
        request.set_wait_s(kWaitS);
        auto lease = parts_.fetch.lease(request);
        if (!lease) {
            if (stop_.is_set()) return;
            log_warn("no_lease", {{"error", lease.error().text}, {"detail", lease.error().detail}});
            stop_.wait_for(pause);
            pause = std::min(pause * 2, kAskAgainMax);
            continue;
        }
        pause = kAskAgainFirst;
        if (lease->lease_id() != 0) pull(*lease);
    }
}

void FetchWorker::pull(const v1::FetchLease& lease) {
    {
        const std::lock_guard lock(mutex_);
        leases_[lease.lease_id()] = lease.lease_s();
    }
    changed_.notify_all();
    v1::FetchReport report;
    report.set_lease_id(lease.lease_id());
    *report.mutable_outcome() = pull_source(parts_.imports, lease, stop_);
    const auto& outcome = report.outcome();
    // Cut off by us: that says nothing about the source.
    report.set_released(stop_.is_set() && outcome.problem() != v1::FETCH_PROBLEM_UNSPECIFIED);
    auto reported = parts_.fetch.report(report);
    {
        const std::lock_guard lock(mutex_);
        leases_.erase(lease.lease_id());
    }
    counts_.runs.add();
    counts_.fetched.add(outcome.fetched());
    if (outcome.problem() != v1::FETCH_PROBLEM_UNSPECIFIED) counts_.failures.add();
    if (!reported) log_warn("not_reported", {{"source", lease.source_id()}, {"error", reported.error().text}});
    if (outcome.problem() != v1::FETCH_PROBLEM_UNSPECIFIED) {
        log_warn("fetch_problem", {{"source", lease.source_id()},
                                   {"account", lease.settings().address()},
                                   {"host", lease.settings().host()},
                                   {"problem", show_problem(outcome.problem())},
                                   {"text", printable(outcome.text())},
                                   {"fetched", outcome.fetched()}});
    } else if (outcome.fetched() > 0 || outcome.deleted() > 0) {
        log_info("fetched", {{"source", lease.source_id()},
                             {"account", lease.settings().address()},
                             {"host", lease.settings().host()},
                             {"fetched", outcome.fetched()},
                             {"deleted", outcome.deleted()},
                             {"ms", outcome.duration_ms()}});
    }
}

void FetchWorker::renew() {
    std::unique_lock lock(mutex_);
    while (!over_) {
        if (leases_.empty()) {
            changed_.wait(lock, [this] { return over_ || !leases_.empty(); });
            continue;
        }
        const auto shortest =
            std::min_element(leases_.begin(), leases_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        const std::chrono::milliseconds every(std::uint64_t{shortest->second} * kMillisPerSecond / kRenewalsPerLease);
        if (changed_.wait_for(lock, every, [this] { return over_; })) return;
        const auto leases = leases_;
        lock.unlock();
        for (const auto& [id, lease_s] : leases) renew_one(id);
        lock.lock();
    }
}

void FetchWorker::renew_one(std::uint64_t lease_id) {
    v1::RenewFetchLeaseRequest request;
    request.set_lease_id(lease_id);
    // One that is over is somebody else's by now, and his batches shut ours out.
    if (auto renewed = parts_.fetch.renew(request); !renewed)
        log_warn("not_renewed", {{"error", renewed.error().text}});
}

}  // namespace tayori::admin
