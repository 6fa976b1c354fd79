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

void require_written(Database& state) {
  if (state.number("migrate/version") != 0) return;
  throw Error(ErrorKind::usage,
              "the state file holds nothing yet: its first run has just begun, or never came to "
              "write; ask again in a minute");
}

void require_views(Database& state) {
  require_written(state);
  if (state.number("history/has_views") != 0) return;
  throw Error(ErrorKind::usage,
              "the state file was last written by an older program and has not all the views yet; "
              "run `defender-car sync` once with this program");
}

}  // namespace defender_car
