// Time that tests can move. Everything that expires, retries or waits asks a Clock, never the system.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

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
