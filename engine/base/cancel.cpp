#include "base/cancel.h"

#include <signal.h>

#include <csignal>

#include "base/error.h"

namespace defender_car {
namespace {

volatile std::sig_atomic_t signal_came = 0;

void note_signal(int) { signal_came = 1; }

}  // namespace

void install_cancel_signals() {
  // Once only: installing anew after the first signal would take the second one's meaning away.
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);
    // Without SA_RESTART a wait ends at once; with SA_RESETHAND the second signal kills.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  static_cast<void>(installed);
}

bool cancel_requested() noexcept { return signal_came != 0; }

void throw_if_cancelled() {
  if (cancel_requested()) {
    throw Error(ErrorKind::interrupted, "interrupted by a signal; the next run goes on from here");
  }
}

}  // namespace defender_car
