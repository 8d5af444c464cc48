#include "spoold/directory/hash_pool.h"

#include <algorithm>
#include <utility>

namespace tayori::spool {

HashPool::HashPool(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) threads_.emplace_back([this] { run(); });
}

bool HashPool::post(Lane lane, std::uint64_t network, Job job) {
    {
        std::lock_guard lock(mutex_);
        if (stopped_) return false;
        if (lane == Lane::known) {
            if (known_.size() >= waiting_max_) return false;
            known_.push_back({network, std::move(job)});
        } else {
            if (others_.size() >= waiting_max_) return false;
            const auto at = waiting_of_network_.find(network);
            if (at != waiting_of_network_.end() && at->second >= (waiting_max_ + 1) / 2) return false;
            ++waiting_of_network_[network];
            others_.push_back({network, std::move(job)});
        }
    }
    changed_.notify_one();
    return true;
}

void HashPool::stop() {
    std::deque<Waiting> left;
    {
        std::lock_guard lock(mutex_);
        if (stopped_) return;
        stopped_ = true;
        left = std::move(known_);
        for (auto& waiting : others_) left.push_back(std::move(waiting));
        others_.clear();
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    for (auto& waiting : left) waiting.job(Turn::cancelled);
}

void HashPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopped_ || !known_.empty() || !others_.empty(); });
        if (stopped_) return;
        Job job;
        if (!known_.empty()) {
            job = std::move(known_.front().job);
            known_.pop_front();
        } else {
            const auto at = waiting_of_network_.find(others_.front().network);
            if (--at->second == 0) waiting_of_network_.erase(at);
            job = std::move(others_.front().job);
            others_.pop_front();
        }
        lock.unlock();
        job(Turn::run);
        job = nullptr;  // what it holds is released outside of the lock
        lock.lock();
    }
}

}  // namespace tayori::spool
