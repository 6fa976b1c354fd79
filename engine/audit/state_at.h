#pragma once
// The state that a word on a command line means: a state file (a copy, a checkpoint, state.db
// itself) as it stands, or the state as of a run, by its number or its snapshot: that one is
// rebuilt by a replay in a temporary folder.
//
// Writes nothing to the working folder. Throws Error(usage) for what is neither, and where the
// snapshots do not reach back to that run; what replay() throws.

#include <filesystem>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/progress.h"
#include "run/working_dir.h"

namespace defender_car {

struct StateAt {
  std::filesystem::path file;
  std::unique_ptr<TemporaryFolder> folder;  ///< of a replayed one; gone with this
};

StateAt state_at(const WorkingDir& folder, const std::string& word, Progress& progress);

}  // namespace defender_car
