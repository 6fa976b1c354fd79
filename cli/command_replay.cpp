// `defender-car replay`.

#include "cli/commands.h"

namespace defender_car {

int run_replay_command(const Session&) { throw Error(ErrorKind::usage, "replay is not built yet"); }

}  // namespace defender_car
