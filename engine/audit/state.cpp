#include "audit/state.h"

#include "base/error.h"
#include "store/schema_check.h"

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
  if (state.number("history/has_views") == 0)
    throw Error(
        ErrorKind::usage,
        "the state file was last written by an older program and has not all the views yet; "
        "run `defender-car sync` once with this program");
  if (const std::string view = altered_view(state); !view.empty())
    throw Error(ErrorKind::usage,
                "the state file's " + view +
                    " is missing or has been replaced, so its answers could be wrong; run "
                    "`defender-car sync` once, which makes it anew");
}

}  // namespace defender_car
