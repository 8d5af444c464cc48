// A power cut for a whole program: spoold on CutFiles, for system tests. Nobody sets this in earnest.
//
//   TAYORI_POWER_CUT=signal            the power goes at SIGUSR2
//   TAYORI_POWER_CUT=after_syncs=100   ... before the 100th sync of a file or directory is done
//   TAYORI_POWER_CUT=signal,seed=7     the seed decides what the disk keeps (default: random)
//
// When it goes, the data directory becomes what the disk would hold, and the process ends with kPowerCutExit.
#pragma once

#include <memory>

#include "spoold/store/cut_files.h"

namespace tayori::store {

constexpr int kPowerCutExit = 76;

// Nothing when the variable is not set. Must be called before any thread is started: it blocks SIGUSR2 for all.
// invalid: the variable has something else.
Result<std::unique_ptr<CutFiles>> power_cut_from_environment(const std::string& directory);

}  // namespace tayori::store
