// `defender-car verify`.

#include "cli/commands.h"

namespace defender_car {

int run_verify_command(const Session&) { throw Error(ErrorKind::usage, "verify is not built yet"); }

}  // namespace defender_car
