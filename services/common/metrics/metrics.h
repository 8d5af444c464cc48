// Figures for Prometheus: counted by us, fetched by it (GET /metrics).
//
//   Metrics metrics("smtpd");
//   auto& accepted = metrics.counter("messages_accepted_total", "Messages answered with 250.");
//   metrics.ask("sessions", "Open sessions.", Metrics::Type::gauge, [&] { return
//   double(sessions.load()); }); auto ok = metrics.listen("127.0.0.1:9101");
//   ... accepted.add();
//
// Declared by one thread, also while others ask; counted by any. References stay good as long as the Metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori {

using Labels = std::map<std::string, std::string>;

class Counter {
  public:
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
  public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

// How often a value fell at or below each bound.
class Histogram {
  public:
    explicit Histogram(std::vector<double> bounds);
    void observe(double value);
    struct Reading {
        std::vector<std::uint64_t> cumulative;  // one for each bound, and one for all
        double sum = 0;
    };
    Reading read() const;
    const std::vector<double>& bounds() const { return bounds_; }

  private:
    std::vector<double> bounds_;
    std::vector<std::atomic<std::uint64_t>> buckets_;
    std::atomic<double> sum_{0};
};

class Metrics {
  public:
    explicit Metrics(std::string_view program);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // The same name may be declared several times with different labels.
    Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                         Labels labels = {});

    enum class Type { counter, gauge };
    // Asked for when Prometheus fetches, on a thread of ours: what it touches must be thread-safe,
    // and outlive listen.
    void ask(std::string_view name, std::string_view help, Type type, std::function<double()> value,
             Labels labels = {});

    // Answers GET /metrics at "host:port"; port 0 lets the kernel choose. Returns the port.
    Result<int> listen(const std::string& address);
    void stop();  // nothing is asked any more afterwards

    // What GET /metrics answers.
    std::string text() const;

  private:
    class Collector;
    std::shared_ptr<Collector> collector_;
    struct Server;
    std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace tayori
