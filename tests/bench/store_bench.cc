// How many mails a second the store makes durable, index included; one JSON line a case.
//
//   bench_store_bench [DIRECTORY] [--million]
//
// DIRECTORY (default: store_bench.tmp here) must lie on the disk that is to be measured. --million stores 1,000,000
// mails of 1 KiB and tells how long the store takes to open after a kill, and how much memory it then has.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/engine.h"

namespace tayori::store {
namespace {

using Seconds = std::chrono::duration<double>;

struct Case {
    std::string name;
    std::size_t writers = 0;
    std::size_t mail_bytes = 0;
    std::size_t mails = 0;
    double reference = 0;  // what design.md measured: mails a second, here
};

constexpr int kPutsPerMail = 8;
constexpr std::size_t kValueBytes = 100;

double cpu_seconds() {
    rusage usage;
    ::getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Keeps `writers` mails on their way until all are stored: each answer sends the next.
class Load {
  public:
    Load(Store& store, const Case& shape) : store_(store), case_(shape), body_(shape.mail_bytes, '\0') {
        std::uint32_t state = 1;
        for (auto& c : body_) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    }
    void run() {
        for (std::size_t i = 0; i < case_.writers; ++i) send();
        std::unique_lock lock(mutex_);
        finished_.wait(lock, [this] { return done_ == case_.mails; });
    }

  private:
    void send() {
        const auto number = sent_++;
        Request request;
        request.apply = [this, number](Transaction& t) -> Result<void> {
            const auto id = static_cast<std::uint64_t>(t.add_body(body_));
            std::string value(kValueBytes, 'v');
            for (int i = 0; i < kPutsPerMail; ++i) {
                // Kinds of rows in key order, many accounts: as a delivery writes them.
                const auto key = cat(static_cast<char>('a' + i), "/", number % 1000, "/", 1'000'000'000 + id);
                t.put(key, value);
            }
            return {};
        };
        request.done = [this](const Result<void>& result) {
            if (!result) {
                fmt::print(stderr, "refused: {}\n", result.error().detail);
                std::_Exit(1);
            }
            if (sent_ < case_.mails) send();
            const std::lock_guard lock(mutex_);
            if (++done_ == case_.mails) finished_.notify_one();
        };
        store_.submit(std::move(request));
    }

    Store& store_;
    const Case& case_;
    std::string body_;
    std::atomic<std::size_t> sent_ = 0;
    std::mutex mutex_;
    std::condition_variable finished_;
    std::size_t done_ = 0;
};

std::unique_ptr<Store> must_open(const std::string& directory) {
    Options options;
    options.directory = directory;
    auto store = open_embedded(std::move(options));
    if (store) return std::move(*store);
    fmt::print(stderr, "{} {}\n", store.error().text, store.error().detail);
    std::_Exit(1);
}

void measure(const std::string& directory, const Case& one) {
    std::filesystem::remove_all(directory);
    {
        auto store = must_open(directory);
        const auto cpu = cpu_seconds();
        const auto start = std::chrono::steady_clock::now();
        Load(*store, one).run();
        const auto seconds = Seconds(std::chrono::steady_clock::now() - start).count();
        const auto rate = static_cast<double>(one.mails) / seconds;
        const auto cpu_us = (cpu_seconds() - cpu) * 1e6 / static_cast<double>(one.mails);
        fmt::print("{{\"case\": \"{}\", \"mails_per_s\": {:.0f}, \"megabytes_per_s\": {:.0f}, \"cpu_us_per_mail\": {:.1f}, "
                   "\"groups\": {}, \"reference_mails_per_s\": {:.0f}, \"ratio\": {:.2f}}}\n",
                   one.name, rate, rate * static_cast<double>(one.mail_bytes) / 1e6, cpu_us,
                   store->stats().groups, one.reference, rate / one.reference);
        std::fflush(stdout);
    }
    std::filesystem::remove_all(directory);
}

std::size_t resident_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    }
    return 0;
}

void measure_million(const std::string& directory) {
    std::filesystem::remove_all(directory);
    const Case one{"1 KiB mails, 64 writers", 64, 1024, 1'000'000, 1};
    if (const auto child = ::fork(); child == 0) {
        auto store = must_open(directory);
        Load(*store, one).run();
        fmt::print("{{\"case\": \"million stored\", \"resident_kib\": {}, \"unflushed_bytes\": {}}}\n", resident_kib(),
                   store->stats().log_position - store->stats().flushed_position);
        std::fflush(stdout);
        std::_Exit(0);  // as a kill: nothing is closed
    } else {
        int status = 0;
        ::waitpid(child, &status, 0);
    }
    const auto start = std::chrono::steady_clock::now();
    auto store = must_open(directory);
    fmt::print("{{\"case\": \"open after a kill, 1,000,000 mails\", \"seconds\": {:.2f}, \"resident_kib\": {}, \"bodies\": {}}}\n",
               Seconds(std::chrono::steady_clock::now() - start).count(), resident_kib(), store->stats().bodies);
    store.reset();
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace tayori::store

int main(int count, char** arguments) {
    using tayori::store::Case;
    std::string directory = "store_bench.tmp";
    bool million = false;
    for (int i = 1; i < count; ++i) {
        if (std::string_view(arguments[i]) == "--million") million = true;
        else directory = arguments[i];
    }
    tayori::log_set_level(tayori::LogLevel::warn);
    if (million) {
        tayori::store::measure_million(directory);
        return 0;
    }
    const Case cases[] = {
        {"4 KiB mails, 1 writer", 1, 4096, 10'000, 3150},
        {"4 KiB mails, 8 writers", 8, 4096, 60'000, 15'900},
        {"4 KiB mails, 64 writers", 64, 4096, 200'000, 54'000},
        {"64 KiB mails, 16 writers", 16, 65536, 30'000, 12'400},
    };
    for (const auto& one : cases) tayori::store::measure(directory, one);
    return 0;
}
