// What has been done so far, and a line about it on a terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "common/legacy/report.h"

namespace tayori::admin {

struct Progress {
    std::atomic<std::uint64_t> mails = 0;  // imported, known or refused
    std::atomic<std::uint64_t> bytes = 0;
    std::atomic<std::uint64_t> listed = 0;  // as far as accounts have been looked at
};

// "12,345 of 20,000 mails (61 %), 11,900 a second, 0:00:01 left"
std::string progress_line(std::uint64_t done, std::uint64_t total, std::chrono::milliseconds elapsed,
                          legacy::Language language);

// Shows it on standard error several times a second while it lives, where that is a terminal.
class ProgressLine {
  public:
    ProgressLine(const Progress& progress, std::uint64_t total, legacy::Language language);
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

  private:
    void run();
    void show() const;

    const Progress& progress_;
    const std::uint64_t total_;
    const legacy::Language language_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace tayori::admin
