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

}  // namespace defender_car
