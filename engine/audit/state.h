#pragma once
// The state file as the audit opens it: to read, without the lock, also while a run works on it,
// and also a copy on a folder that nobody may write to.

#include "base/error.h"
#include "run/working_dir.h"
#include "store/database.h"

namespace defender_car {

/// Throws Error(usage) when the folder has no state file yet.
void require_state(const WorkingDir& folder);

/// Throws the same, and Error(internal) when the file cannot be read.
Database open_state(const WorkingDir& folder);

/// Throws Error(usage) where the file is there and no run has written anything into it.
void require_written(Database& state);

/// For those who read the views of schema/audit/: throws Error(usage) where an older program wrote
/// last, or none.
void require_views(Database& state);

/// One moment of the state for all questions, also while a run works on it.
class Moment {
 public:
  explicit Moment(Database& state) : state_(state) { state_.statement("explain/begin").run(); }
  ~Moment() {
    try {
      state_.statement("explain/end").run();
    } catch (const Error&) {  // SQLite has ended it by itself
    }
  }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

 private:
  Database& state_;
};

}  // namespace defender_car
