#include "adminctl/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "adminctl/import/progress.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::uint64_t kBarCells = 24;
constexpr std::chrono::steady_clock::duration kBarEvery = std::chrono::milliseconds(100);
constexpr std::chrono::steady_clock::duration kLineEvery = std::chrono::seconds(5);

std::string bar(std::uint64_t done, std::uint64_t all) {
    const auto cells = all == 0 ? kBarCells : std::min(done, all) * kBarCells / all;
    return cat("[", std::string(cells, '#'), std::string(kBarCells - cells, ' '), "] ");
}

}  // namespace

JobProgress::JobProgress(Shown shown, legacy::Language language)
    : terminal_(::isatty(STDERR_FILENO) == 1), wanted_(shown), language_(language) {}

JobProgress::~JobProgress() {
    if (shown_ && terminal_) std::fputc('\n', stderr);
}

void JobProgress::show(const spool::v1::Job& job) {
    if (wanted_ == Shown::no) return;
    const auto at = std::chrono::steady_clock::now();
    const bool last = job.ended_ms() != 0;
    if (shown_ && !last && at - last_ < (terminal_ ? kBarEvery : kLineEvery)) return;
    shown_ = true;
    last_ = at;
    const auto line = progress_line(job.mails_seen(), job.mails(), std::chrono::milliseconds(job.running_ms()), language_);
    if (terminal_) std::fprintf(stderr, "\r\x1b[K%s%s", bar(job.mails_seen(), job.mails()).c_str(), line.c_str());
    else std::fprintf(stderr, "%s\n", line.c_str());
    std::fflush(stderr);
}

}  // namespace tayori::admin
