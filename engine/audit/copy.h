#pragma once
// A copy of the state file for `copy`: of one moment, also beside a run.
//
// Guarantees: the copy is whole and passed SQLite's integrity check, or is not there; 0600; an
// existing file is never replaced. Does not take the lock.

#include <cstdint>
#include <filesystem>

#include "run/working_dir.h"

namespace defender_car {

struct StateCopy {
  std::int64_t bytes = 0;
  std::int64_t run_id = 0;  ///< the newest run in it; 0: there was none
};

/// Throws Error(usage) where there is such a file already or no state, Error(internal) where the
/// copy cannot be written or does not pass the check.
StateCopy copy_state(const WorkingDir& folder, const std::filesystem::path& file);

}  // namespace defender_car
