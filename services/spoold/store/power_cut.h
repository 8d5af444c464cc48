// A power cut for a whole program: spoold on CutFiles, for system tests (TAYORI_POWER_CUT in the environment). Nobody sets this
// in earnest. Words with commas between:
//
//   signal            the power goes at SIGUSR2
//   after_syncs=100   the power goes before the 100th sync of a file or directory is done
//   seed=7            decides what the disk keeps (default: random)
//
// When it goes, the data directory becomes what the disk would hold, and the process ends with kPowerCutExit.
#pragma once

#include <memory>

#include "spoold/store/cut_files.h"

namespace tayori::store {

constexpr int kPowerCutExit = 76;

// Nothing when the setting is empty. Must be called before any thread is started: it blocks SIGUSR2 for all.
// invalid: the setting has something else.
Result<std::unique_ptr<CutFiles>> make_power_cut(std::string_view setting, const std::string& directory);

}  // namespace tayori::store
