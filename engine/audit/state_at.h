#pragma once
// The state that a word on a command line means: a state file (a copy, a checkpoint, state.db
// itself) as it stands, or the state as of a run, by its number or its snapshot.
//
// Writes nothing to the working folder. Throws Error(usage) for what is neither.

#include <filesystem>
#include <string>

#include "sync/working_dir.h"

namespace defender_car {

/// The file to read it from.
std::filesystem::path state_at(const WorkingDir& folder, const std::string& word);

}  // namespace defender_car
