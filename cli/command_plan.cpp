// `defender-car plan`.

#include "cli/commands.h"

namespace defender_car {

int run_plan_command(const Session&) { throw Error(ErrorKind::usage, "plan is not built yet"); }

}  // namespace defender_car
