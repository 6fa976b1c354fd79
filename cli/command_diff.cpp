// `defender-car diff`.

#include "cli/commands.h"

namespace defender_car {

int run_diff_command(const Session&) { throw Error(ErrorKind::usage, "diff is not built yet"); }

}  // namespace defender_car
