#include "base/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace defender_car {

void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest free number is given out, and those below are open by now.
    static_cast<void>(::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace defender_car
