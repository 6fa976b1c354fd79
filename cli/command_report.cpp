// `defender-car report`.

#include "cli/commands.h"

namespace defender_car {

int run_report_command(const Session&) { throw Error(ErrorKind::usage, "report is not built yet"); }

}  // namespace defender_car
