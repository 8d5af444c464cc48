// Counters that were raised above what they had come to by themselves: said in the log, counted for the metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tayori/spool/v1/admin.pb.h"

namespace tayori::spool {

// "UIDNEXT of INBOX of anna@example.jp: 17 -> 4711", for logs and reports.
std::string sentence_of(const v1::RaisedCounter& raised);

class RaisedCount {
  public:
    void add(const v1::CountersRaised& raised);  // after the commit
    std::uint64_t value() const { return value_; }

  private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace tayori::spool
