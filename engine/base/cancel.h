#pragma once
// SIGINT and SIGTERM as a flag that long loops ask at safe points. No thread, no handler of our own
// beyond it.

namespace defender_car {

/// Installs the handlers, once. A second signal of the same kind ends the process the ordinary way.
void install_cancel_signals();

bool cancel_requested() noexcept;

/// Throws Error(ErrorKind::interrupted) when a signal has come.
void throw_if_cancelled();

}  // namespace defender_car
