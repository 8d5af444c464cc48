// Time that tests can move. Everything that expires, retries or waits asks a Clock, never the system.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace tayori {

using UnixMillis = std::int64_t;  // milliseconds since 1970-01-01T00:00:00Z
inline constexpr std::int64_t kMillisPerSecond = 1000;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual UnixMillis now_ms() const = 0;
};

class SystemClock final : public Clock {
  public:
    UnixMillis now_ms() const override {
        using namespace std::chrono;
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    }
};

// The system's time moved forward, for system tests: by a number that is fixed, and by the number that a file holds at present
// (settings test.clock_offset_ms and test.clock_file). Thread-safe. Without a file it costs what the system's costs.
class MovedClock final : public Clock {
  public:
    MovedClock(std::uint64_t offset_ms, std::string file) : offset_ms_(static_cast<std::int64_t>(offset_ms)), file_(std::move(file)) {}
    UnixMillis now_ms() const override;
    // It may jump while somebody waits for a time of it.
    bool jumps() const { return !file_.empty(); }

  private:
    std::int64_t of_file() const;

    SystemClock system_;
    const std::int64_t offset_ms_;
    const std::string file_;
    mutable std::atomic<std::int64_t> read_{0};     // of the file, and
    mutable std::atomic<std::int64_t> read_at_{0};  // when it was read, by the system's time
};

// A clock that stands still until a test moves it. Thread-safe.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(UnixMillis start = 1'700'000'000'000) : now_(start) {}
    UnixMillis now_ms() const override { return now_.load(); }
    void advance_ms(std::int64_t ms) { now_ += ms; }

  private:
    std::atomic<UnixMillis> now_;
};

}  // namespace tayori
