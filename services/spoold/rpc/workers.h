// Threads that do what must not be done on gRPC's: reading bodies, staging uploads, and writing out
// replies that the committer has made (so that its next group does not wait for sockets).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tayori::spool {

class Workers {
  public:
    explicit Workers(std::size_t threads);
    ~Workers();  // runs what is queued, then ends
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    // In order of posting; with several threads also at the same time. Who posts bounds how much he
    // posts.
    void post(std::function<void()> job);

  private:
    void run();

    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace tayori::spool
