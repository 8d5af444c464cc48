// How far a job of spoold has come: a bar on a terminal, a line now and then elsewhere. Goes by what spoold tells; the
// progress of what adminctl itself does is in import/progress.h.
#pragma once

#include <chrono>

#include "common/legacy/report.h"
#include "tayori/spool/v1/jobs.pb.h"

namespace tayori::admin {

class JobProgress {
  public:
    enum class Shown { yes, no };
    JobProgress(Shown shown, legacy::Language language);
    ~JobProgress();  // ends the line
    void show(const spool::v1::Job& job);

  private:
    bool terminal_;
    Shown wanted_;
    legacy::Language language_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace tayori::admin
