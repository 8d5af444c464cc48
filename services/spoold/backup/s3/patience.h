// What may be otherwise the next time, and how long we try.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "common/base/clock.h"

namespace tayori::spool::s3 {

enum class Verdict { fine, again, final };
// Of an answer: its status, and the code of its <Error>, where it has one.
Verdict verdict_of(int status, std::string_view code);

// Waits so long; false: give up.
using Pause = std::function<bool(std::chrono::milliseconds)>;

// The attempts of one request: the pauses double, with some chance in them so that many clients don't come at once, until the time
// is over.
class Patience {
  public:
    Patience(const Clock& clock, std::chrono::milliseconds longest, const Pause& pause);
    // After an attempt that failed: waits; false: that was the last one.
    bool again();
    unsigned attempts() const { return attempts_; }

  private:
    const Clock& clock_;
    const Pause& pause_;
    const UnixMillis until_;
    unsigned attempts_ = 1;
};

}  // namespace tayori::spool::s3
