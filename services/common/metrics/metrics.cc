#include "common/metrics/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "common/base/text.h"

namespace tayori {

namespace {

inline constexpr std::size_t kHttpThreads = 1;

double resident_bytes() {
    std::ifstream in("/proc/self/statm");
    double total = 0, resident = 0;
    in >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double open_files() {
    std::error_code error;
    double count = 0;
    for (auto at = std::filesystem::directory_iterator("/proc/self/fd", error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        ++count;
    }
    return count;
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
    Reading reading;
    std::uint64_t total = 0;
    for (const auto& bucket : buckets_) {
        total += bucket.load(std::memory_order_relaxed);
        reading.cumulative.push_back(total);
    }
    reading.sum = sum_.load(std::memory_order_relaxed);
    return reading;
}

class Metrics::Collector final : public prometheus::Collectable {
  public:
    explicit Collector(std::string prefix) : prefix_(std::move(prefix)) {}

    using Fill = std::function<void(prometheus::ClientMetric&)>;
    void declare(std::string name, std::string_view help, prometheus::MetricType type,
                 const Labels& labels, Fill fill) {
        const std::lock_guard lock(mutex_);
        auto found = std::find_if(families_.begin(), families_.end(),
                                  [&](const Family& f) { return f.name == name; });
        if (found == families_.end()) {
            families_.push_back({std::move(name), std::string(help), type, {}});
            found = families_.end() - 1;
        }
        found->rows.push_back({labels, std::move(fill)});
    }

    std::vector<prometheus::MetricFamily> Collect() const override {
        const std::lock_guard lock(mutex_);
        std::vector<prometheus::MetricFamily> out;
        for (const auto& family : families_) {
            prometheus::MetricFamily made{family.name, family.help, family.type, {}};
            for (const auto& row : family.rows) {
                prometheus::ClientMetric metric;
                for (const auto& [key, value] : row.labels) metric.label.push_back({key, value});
                row.fill(metric);
                made.metric.push_back(std::move(metric));
            }
            out.push_back(std::move(made));
        }
        return out;
    }

    std::string full(std::string_view name) const { return cat(prefix_, name); }
    std::deque<Counter> counters;
    std::deque<Gauge> gauges;
    std::deque<Histogram> histograms;

  private:
    struct Row {
        Labels labels;
        Fill fill;
    };
    struct Family {
        std::string name;
        std::string help;
        prometheus::MetricType type;
        std::vector<Row> rows;
    };
    std::string prefix_;
    mutable std::mutex mutex_;  // of families_: some are declared while Prometheus asks
    std::vector<Family> families_;
};

struct Metrics::Server {
    explicit Server(const std::string& address) : exposer(address, kHttpThreads) {}
    prometheus::Exposer exposer;
};

Metrics::Metrics(std::string_view program)
    : collector_(std::make_shared<Collector>(cat("tayori_", program, "_"))) {
    const auto process = [this](const char* name, const char* help, prometheus::MetricType type,
                                double (*value)()) {
        collector_->declare(name, help, type, {}, [type, value](prometheus::ClientMetric& out) {
            if (type == prometheus::MetricType::Counter)
                out.counter.value = value();
            else
                out.gauge.value = value();
        });
    };
    process("process_resident_memory_bytes", "Resident memory.", prometheus::MetricType::Gauge,
            resident_bytes);
    process("process_cpu_seconds_total", "CPU time, user and system.",
            prometheus::MetricType::Counter, cpu_seconds);
    process("process_open_fds", "Open file descriptors.", prometheus::MetricType::Gauge,
            open_files);
}

Metrics::~Metrics() { stop(); }

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
    auto& counter = collector_->counters.emplace_back();
    collector_->declare(
        collector_->full(name), help, prometheus::MetricType::Counter, labels,
        [&counter](auto& out) { out.counter.value = static_cast<double>(counter.value()); });
    return counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
    auto& gauge = collector_->gauges.emplace_back();
    collector_->declare(
        collector_->full(name), help, prometheus::MetricType::Gauge, labels,
        [&gauge](auto& out) { out.gauge.value = static_cast<double>(gauge.value()); });
    return gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, Labels labels) {
    auto& histogram = collector_->histograms.emplace_back(std::move(bounds));
    collector_->declare(
        collector_->full(name), help, prometheus::MetricType::Histogram, labels,
        [&histogram](prometheus::ClientMetric& out) {
            const auto reading = histogram.read();
            out.histogram.sample_count = reading.cumulative.back();
            out.histogram.sample_sum = reading.sum;
            for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
                out.histogram.bucket.push_back({reading.cumulative[i], histogram.bounds()[i]});
            }
        });
    return histogram;
}

void Metrics::ask(std::string_view name, std::string_view help, Type type,
                  std::function<double()> value, Labels labels) {
    const auto kind =
        type == Type::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    collector_->declare(collector_->full(name), help, kind, labels,
                        [type, value = std::move(value)](prometheus::ClientMetric& out) {
                            if (type == Type::counter)
                                out.counter.value = value();
                            else
                                out.gauge.value = value();
                        });
}

Result<int> Metrics::listen(const std::string& address) {
    try {
        auto server = std::make_unique<Server>(address);
        server->exposer.RegisterCollectable(collector_);
        const auto ports = server->exposer.GetListeningPorts();
        servers_.push_back(std::move(server));
        return ports.empty() ? 0 : ports.front();
    } catch (const std::exception& e) {
        return fail(Kind::busy, cat("Can't listen on ", address, " for metrics."), e.what());
    }
}

void Metrics::stop() { servers_.clear(); }

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(collector_->Collect());
}

}  // namespace tayori
