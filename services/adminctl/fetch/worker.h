// `adminctl fetch serve`: waits for sources that are due and fetches from them, several at the same time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "adminctl/fetch/stop.h"
#include "common/metrics/metrics.h"
#include "common/rpc/fetch_client.h"
#include "common/rpc/import_client.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

class FetchWorker {
  public:
    struct Parts {
        rpc::FetchClient& fetch;
        rpc::ImportClient& imports;
        Metrics& metrics;
    };
    FetchWorker(Parts parts, unsigned jobs);
    ~FetchWorker() { stop(); }
    FetchWorker(const FetchWorker&) = delete;
    FetchWorker& operator=(const FetchWorker&) = delete;

    // Runs end as soon as they can, and their sources are due at once for the next worker.
    void stop();

  private:
    struct Counts {
        explicit Counts(Metrics& metrics);
        Counter& runs;
        Counter& failures;
        Counter& fetched;
    };
    void work();
    void pull(const v1::FetchLease& lease);
    void renew();
    void renew_one(std::uint64_t lease_id);

    const Parts parts_;
    Counts counts_;
    Stop stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;  // no lease will come any more
    std::map<std::uint64_t, std::uint32_t> leases_;  // lease_s
    std::vector<std::thread> threads_;
    std::thread renewer_;
};

}  // namespace tayori::admin
