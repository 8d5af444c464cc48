// A few threads that make and verify passwords, milliseconds each, for callers that can't wait.
//
// Two queues: known clients (and administrators) go first, so that guesses of strangers never stand before them. Both
// are bounded, and so is one network's share of the strangers' queue.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tayori::spool {

enum class Lane { known, other };
enum class Turn { run, cancelled };  // cancelled: the pool stops

class HashPool {
  public:
    using Job = std::function<void(Turn)>;

    // `waiting_max` in each queue; one network may have half of the strangers'.
    HashPool(std::size_t threads, std::size_t waiting_max);
    ~HashPool() { stop(); }
    HashPool(const HashPool&) = delete;
    HashPool& operator=(const HashPool&) = delete;

    // False, and the job is not called: too many wait, or the pool has stopped.
    bool post(Lane lane, std::uint64_t network, Job job);
    // Ends the running jobs, cancels the waiting ones. Not from a job.
    void stop();

  private:
    struct Waiting {
        std::uint64_t network;
        Job job;
    };
    void run();

    const std::size_t waiting_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> known_;
    std::deque<Waiting> others_;
    absl::flat_hash_map<std::uint64_t, std::size_t> waiting_of_network_;  // in others_
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace tayori::spool
