#pragma once
// What ends a run from outside, as flags that long loops ask at safe points: SIGINT, SIGTERM,
// SIGHUP, SIGQUIT, SIGXCPU (ulimit -t) and the run's deadline. No thread, no handler of our own
// beyond it.

#include <chrono>

namespace defender_car {

/// Installs the handlers, once. A second signal of the same kind ends the process the ordinary way,
/// but for SIGHUP. SIGHUP and SIGQUIT stay ignored where they are (nohup).
void install_cancel_signals();

bool cancel_requested() noexcept;

/// While it lives, throw_if_cancelled() throws once `time` has gone by (monotonic clock). One at a
/// time; 0: no deadline.
class Deadline {
 public:
  explicit Deadline(std::chrono::seconds time);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
};

bool deadline_passed() noexcept;

/// Half of its time has gone by: work that the next run can go on with is left to it.
bool deadline_half_over() noexcept;

/// Throws Error(ErrorKind::interrupted) when a signal has come or the deadline has passed.
void throw_if_cancelled();

}  // namespace defender_car
