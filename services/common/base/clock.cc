#include "common/base/clock.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>

namespace tayori {
namespace {

constexpr std::int64_t kReadEveryMs = 20;  // of the system's time
constexpr std::size_t kNumberBytesMax = 32;

}  // namespace

UnixMillis MovedClock::now_ms() const {
    const auto now = system_.now_ms() + offset_ms_;
    return file_.empty() ? now : now + of_file();
}

// What can't be read moves nothing, and the last number stands.
std::int64_t MovedClock::of_file() const {
    const auto now = system_.now_ms();
    if (now - read_at_.load(std::memory_order_acquire) < kReadEveryMs) return read_.load(std::memory_order_relaxed);
    char text[kNumberBytesMax];
    const int file = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
    const auto size = file < 0 ? 0 : ::read(file, text, sizeof text);
    if (file >= 0) ::close(file);
    std::int64_t moved = 0;
    if (size > 0 && std::from_chars(text, text + size, moved).ec == std::errc()) read_.store(moved, std::memory_order_relaxed);
    read_at_.store(now, std::memory_order_release);
    return read_.load(std::memory_order_relaxed);
}

}  // namespace tayori
