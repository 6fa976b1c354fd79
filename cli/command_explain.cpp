// `defender-car explain`.

#include "cli/commands.h"

namespace defender_car {

int run_explain_command(const Session&) {
  throw Error(ErrorKind::usage, "explain is not built yet");
}

}  // namespace defender_car
