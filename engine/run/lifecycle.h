#pragma once
// A run from outside: the lock, the state file made ready, the run's row and its end. What happens
// within is the caller's: the phases of `sync`, or a repair.

#include <functional>
#include <string>

#include "run/run.h"
#include "run/working_dir.h"
#include "store/lock.h"

namespace defender_car {

using RunBody = std::function<void(Run& run, const WorkingDir& folder, StateLock& lock)>;

/// Takes the lock, opens the state file, looks whether it can be trusted, brings it to this
/// program's shape and calls `body` with a run that has no row yet. Throws as run_sync does.
void with_run(const SyncSettings& settings, HttpClient& http, Progress& progress,
              const RunBody& body);

/// What ended it, where nothing of the kind is in the report yet.
void note_failure(Run& run, const Error& error);

/// Counts, names the outcome and completes the row. `ended`: it came to its end.
void end_run(Run& run, bool ended, const std::string& snapshot);

}  // namespace defender_car
