// How often daemons ask for what, and how often they are refused: logins, mails taken in, APPENDs and all else.
#pragma once

#include <absl/container/flat_hash_map.h>

#include "common/metrics/metrics.h"
#include "tayori/spool/v1/stream.pb.h"

namespace tayori::spool {

// Thread-safe; must not outlive `metrics`.
class CallCounts {
  public:
    explicit CallCounts(Metrics& metrics);
    void called(v1::Call::RequestCase kind) { add(called_, kind); }
    void refused(v1::Call::RequestCase kind) { add(refused_, kind); }

  private:
    using Counts = absl::flat_hash_map<int, Counter*>;  // by field number; never changes once made
    static void add(const Counts& counts, v1::Call::RequestCase kind);
    Counts called_;
    Counts refused_;
};

}  // namespace tayori::spool
