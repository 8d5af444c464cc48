// One JSON object a case on standard output: rates, latencies, and the CPU of the servers' process trees.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "options.h"

namespace tayori::bench {

double now_s();

// Adds up from its construction. `roots`: --cpu-roots=PID,PID, the server's processes, counted with their children.
class Meter {
  public:
    explicit Meter(const Options& options);
    double seconds() const { return now_s() - began_; }
    std::string cpu() const;  // `,"cpu_server_s":…,"cpu_driver_s":…,"foreign_cpu":…`

  private:
    std::vector<int> roots_;
    double began_, server_, driver_, machine_;
};

struct Outcome {
    std::vector<double> latencies;  // seconds
    long errors = 0;
    std::string first_error;
};
// Runs `work(i)` on `connections` threads; what throws counts as an error and ends that thread.
Outcome run_threads(int connections, const std::function<std::vector<double>(int)>& work);

std::string percentiles(std::vector<double> seconds);  // `,"p50_ms":…,"p99_ms":…,"max_ms":…`
void emit(const Options& options, const std::string& name, const std::string& fields);

}  // namespace tayori::bench
