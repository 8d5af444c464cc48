// Mails by their places, many asked for before they are needed: one round trip for a window of them, not for each. A
// lost connection is made anew, and what was on its way is asked for again.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/legacy/live/lanes.h"

namespace tayori::legacy {

class Bodies {
  public:
    explicit Bodies(Lane& lane) : lane_(lane) {}

    // What will be read, in this order. Another order costs time, no more.
    void expect(std::vector<LivePlace> places);
    // closed, auth_failed: the source is gone. All else is wrong with this mail alone.
    Result<std::string> read(const LivePlace& place);

  private:
    Result<std::string> attempt(const LivePlace& place);
    Result<void> aim(const LivePlace& place);
    Result<void> ask_ahead();
    Result<void> drain();
    bool is_asked(const std::string& key) const;
    void lose();
    static std::string key_of(const LivePlace& place);

    Lane& lane_;
    std::vector<LivePlace> expected_;
    std::unordered_map<std::string, std::size_t> at_;  // in expected_
    std::size_t next_ = 0;                             // of expected_, to be asked for
    std::deque<LivePlace> asked_;
    std::uint64_t asked_bytes_ = 0;
    std::unordered_map<std::string, Result<std::string>> early_;  // taken before somebody wanted it
    bool opening_ = false;                                        // what failed last was to get there
};

}  // namespace tayori::legacy
