#include "audit/state.h"

#include "base/error.h"
#include "base/printable.h"
#include "store/schema_check.h"

namespace defender_car {

void require_state(const WorkingDir& folder) {
  std::error_code fault;
  if (std::filesystem::exists(folder.state(), fault)) return;
  const std::string dir = printable(folder.root.string(), std::string::npos);
  if (fault) throw Error(ErrorKind::usage, dir + " cannot be read: " + fault.message());
  throw Error(ErrorKind::usage, "no run has been made in " + dir +
                                    " yet: there is no state.db (--working-dir DIR names another "
                                    "folder)");
}

Database open_state(const WorkingDir& folder) {
  require_state(folder);
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
