// `defender-car snapshots`.

#include "cli/commands.h"

namespace defender_car {

int run_snapshots_command(const Session&) {
  throw Error(ErrorKind::usage, "snapshots is not built yet");
}

}  // namespace defender_car
