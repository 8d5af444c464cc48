#include "adminctl/import/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::chrono::milliseconds kShownEvery{200};
constexpr std::uint64_t kPercent = 100;
constexpr std::uint64_t kMillisPerSecond = 1000;

std::string two_digits(std::uint64_t n) { return cat(n < 10 ? "0" : "", n); }
std::string duration(std::uint64_t seconds) {
    return cat(seconds / 3600, ':', two_digits(seconds / 60 % 60), ':', two_digits(seconds % 60));
}

}  // namespace

std::string progress_line(std::uint64_t done, std::uint64_t total, std::chrono::milliseconds elapsed,
                          legacy::Language language) {
    const auto ms = std::max<std::uint64_t>(static_cast<std::uint64_t>(elapsed.count()), 1);
    const auto rate = done * kMillisPerSecond / ms;
    const auto all = std::max(total, done);
    const auto percent = all == 0 ? kPercent : done * kPercent / all;
    const auto left = duration(rate == 0 ? 0 : (all - done) / rate);
    if (language == legacy::Language::japanese)
        return cat(all, " 通中 ", done, " 通 (", percent, " %)、毎秒 ", rate, " 通、残り ", rate == 0 ? "-" : left);
    return cat(done, " of ", all, " mails (", percent, " %), ", rate, " a second, ", rate == 0 ? "-" : left, " left");
}

ProgressLine::ProgressLine(const Progress& progress, std::uint64_t total, legacy::Language language)
    : progress_(progress), total_(total), language_(language) {
    if (::isatty(STDERR_FILENO) == 1) thread_ = std::thread([this] { run(); });
}

ProgressLine::~ProgressLine() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    wake_.notify_all();
    thread_.join();
    show();
    std::fputc('\n', stderr);
}

void ProgressLine::show() const {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
    // Back to the line's begin, and what is left of a longer one before is erased.
    std::fprintf(
        stderr, "\r%s\x1b[K",
        progress_line(progress_.mails, std::max<std::uint64_t>(total_, progress_.listed), elapsed, language_).c_str());
    std::fflush(stderr);
}

void ProgressLine::run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kShownEvery, [this] { return over_; })) show();
}

}  // namespace tayori::admin
