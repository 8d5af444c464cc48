// How far a job has come: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tayori::admin {

struct ProgressNow {
    std::uint64_t done = 0;
    std::uint64_t all = 0;
    std::int64_t running_ms = 0;
    std::string unit;  // "mails"
};
// "[#########           ]  47 %  9,400 of 20,000 mails  412,000/s  0:02 left"
std::string progress_text(const ProgressNow& now);
// "1,234,567"
std::string with_commas(std::uint64_t n);

class Progress {
  public:
    explicit Progress(bool quiet);
    ~Progress();  // ends the line
    void show(const ProgressNow& now);

  private:
    bool terminal_;
    bool quiet_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace tayori::admin
