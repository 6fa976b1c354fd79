#include "audit/state.h"

#include "base/error.h"

namespace defender_car {

Database open_state(const WorkingDir& folder) {
  if (!std::filesystem::exists(folder.state())) {
    throw Error(ErrorKind::usage,
                "there is no state file " + folder.state().string() +
                    "; name the folder with --working-dir, or run `defender-car sync` first");
  }
  return Database(folder.state(), OpenMode::read_only);
}

Database open_state_with_views(const WorkingDir& folder) {
  Database state = open_state(folder);
  if (state.number("history/has_views") == 0) {
    throw Error(ErrorKind::usage,
                "the state file " + folder.state().string() +
                    " was last written by an older program and has not all the views yet; run "
                    "`defender-car sync` once with this program");
  }
  return state;
}

}  // namespace defender_car
