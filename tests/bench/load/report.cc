#include "report.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>

#include <fmt/format.h>

namespace tayori::bench {
namespace {

constexpr int kGenerationsMax = 12;

double ticks() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

double driver_cpu() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double machine_cpu() {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/stat", "r"), &std::fclose);
    unsigned long long v[7] = {};
    if (!file || std::fscanf(file.get(), "cpu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3, v + 4, v + 5,
                             v + 6) != 7)
        return 0;
    return static_cast<double>(v[0] + v[1] + v[2] + v[5] + v[6]) / ticks();  // without idle and waiting for the disk
}

struct Facts {
    int parent = 0;
    double cpu_s = 0;
};

std::map<int, Facts> all_processes() {
    std::map<int, Facts> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), &closedir);
    while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
        const int pid = std::atoi(entry->d_name);
        if (pid == 0) continue;
        const auto path = fmt::format("/proc/{}/stat", pid);
        const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "r"), &std::fclose);
        char text[1024];
        if (!file || std::fgets(text, sizeof text, file.get()) == nullptr) continue;
        const char* after_name = std::strrchr(text, ')');
        int parent = 0;
        unsigned long user = 0, kernel = 0;
        long child_user = 0, child_kernel = 0;
        if (after_name != nullptr && std::sscanf(after_name + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
                                                 &parent, &user, &kernel, &child_user, &child_kernel) == 5)
            out[pid] = {parent, static_cast<double>(user + kernel) / ticks() +
                                    static_cast<double>(child_user + child_kernel) / ticks()};
    }
    return out;
}

double tree_cpu(const std::vector<int>& roots) {
    const auto all = all_processes();
    double sum = 0;
    for (const auto& [pid, facts] : all) {
        int at = pid;
        for (int i = 0; at != 0 && i < kGenerationsMax; ++i) {
            if (std::ranges::find(roots, at) != roots.end()) {
                sum += facts.cpu_s;
                break;
            }
            const auto found = all.find(at);
            if (found == all.end()) break;
            at = found->second.parent;
        }
    }
    return sum;
}

std::vector<int> parse_roots(const std::string& text) {
    std::vector<int> out;
    std::istringstream stream(text);
    for (std::string item; std::getline(stream, item, ',');) out.push_back(std::atoi(item.c_str()));
    return out;
}

}  // namespace

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Meter::Meter(const Options& options)
    : roots_(parse_roots(options.text("cpu-roots"))),
      began_(now_s()),
      server_(tree_cpu(roots_)),
      driver_(driver_cpu()),
      machine_(machine_cpu()) {}

std::string Meter::cpu() const {
    const double server = tree_cpu(roots_) - server_;
    const double driver = driver_cpu() - driver_;
    const double foreign = std::max(0.0, machine_cpu() - machine_ - server - driver);
    return fmt::format(R"(,"cpu_server_s":{:.2f},"cpu_driver_s":{:.2f},"foreign_cpu":{:.2f})", server, driver,
                       foreign / seconds() / static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)));
}

Outcome run_threads(int connections, const std::function<std::vector<double>(int)>& work) {
    Outcome outcome;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < connections; ++i) {
        threads.emplace_back([&, i] {
            try {
                const auto latencies = work(i);
                const std::lock_guard lock(mutex);
                outcome.latencies.insert(outcome.latencies.end(), latencies.begin(), latencies.end());
            } catch (const std::exception& error) {
                const std::lock_guard lock(mutex);
                if (++outcome.errors == 1) outcome.first_error = error.what();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    if (outcome.errors > 0) fmt::print(stderr, "bench_load: {} errors, first: {}\n", outcome.errors, outcome.first_error);
    return outcome;
}

std::string percentiles(std::vector<double> seconds) {
    std::ranges::sort(seconds);
    const auto at = [&](double part) {
        if (seconds.empty()) return 0.0;
        const auto index = static_cast<std::size_t>(part * static_cast<double>(seconds.size()));
        return seconds[std::min(seconds.size() - 1, index)] * 1e3;
    };
    return fmt::format(R"(,"p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f})", at(0.5), at(0.99), at(1));
}

void emit(const Options& options, const std::string& name, const std::string& fields) {
    fmt::print("{{\"case\":\"{}\",\"server\":\"{}\"{}}}\n", name, options.text("label", "?"), fields);
    std::fflush(stdout);
}

}  // namespace tayori::bench
