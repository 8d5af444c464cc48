#include "adminctl/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr int kBarCells = 24;
constexpr auto kBarEvery = std::chrono::milliseconds(100);
constexpr auto kLineEvery = std::chrono::seconds(5);

}  // namespace

std::string with_commas(std::uint64_t n) {
    auto digits = std::to_string(n);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

std::string progress_text(const ProgressNow& now) {
    const auto all = std::max(now.all, now.done);
    const double part = all == 0 ? 1.0 : static_cast<double>(now.done) / static_cast<double>(all);
    const auto cells = static_cast<std::size_t>(part * kBarCells);
    const auto bar = cat(std::string(cells, '#'), std::string(kBarCells - cells, ' '));
    auto out = fmt::format("[{}] {:3.0f} %  {} of {} {}", bar, part * 100, with_commas(now.done), with_commas(all), now.unit);
    if (now.running_ms <= 0 || now.done == 0) return out;
    const double rate = static_cast<double>(now.done) * 1000 / static_cast<double>(now.running_ms);
    append(out, "  ", with_commas(static_cast<std::uint64_t>(rate)), "/s");
    const auto left = static_cast<std::uint64_t>(static_cast<double>(all - now.done) / rate);
    append(out, fmt::format("  {}:{:02} left", left / 60, left % 60));
    return out;
}

Progress::Progress(bool quiet) : terminal_(::isatty(STDERR_FILENO) == 1), quiet_(quiet) {}

Progress::~Progress() {
    if (shown_ && terminal_) std::fputc('\n', stderr);
}

void Progress::show(const ProgressNow& now) {
    if (quiet_) return;
    const auto at = std::chrono::steady_clock::now();
    const bool last = now.done >= now.all;
    if (shown_ && !last && at - last_ < (terminal_ ? std::chrono::steady_clock::duration(kBarEvery) : kLineEvery)) return;
    shown_ = true;
    last_ = at;
    if (terminal_) std::fprintf(stderr, "\r\x1b[K%s", progress_text(now).c_str());
    else std::fprintf(stderr, "%s\n", progress_text(now).c_str());
    std::fflush(stderr);
}

}  // namespace tayori::admin
