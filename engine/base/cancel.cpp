#include "base/cancel.h"

#include <signal.h>

#include <csignal>
#include <initializer_list>
#include <string>

#include "base/error.h"

namespace defender_car {
namespace {

volatile std::sig_atomic_t signal_came = 0;

void note_signal(int) { signal_came = 1; }

void note(int signal, int flags) {
  struct sigaction action = {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

// nohup, and what else says that a signal is none of ours.
bool is_ignored(int signal) {
  struct sigaction before = {};
  return ::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
}

using Clock = std::chrono::steady_clock;

struct Span {
  Clock::time_point begin;
  Clock::duration length{0};  // 0: no deadline
};
Span deadline;

bool has_gone_by(Clock::duration part) noexcept {
  return deadline.length > Clock::duration(0) && Clock::now() - deadline.begin >= part;
}

}  // namespace

void install_cancel_signals() {
  // Once only: installing anew after the first signal would take the second one's meaning away.
  static const bool installed = [] {
    // Without SA_RESTART a wait ends at once; with SA_RESETHAND the second signal kills.
    constexpr int kOnce = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM, SIGXCPU}) note(signal, kOnce);
    if (!is_ignored(SIGQUIT)) note(SIGQUIT, kOnce);
    // A terminal that is closed sends it twice, by itself and by way of the shell.
    if (!is_ignored(SIGHUP)) note(SIGHUP, 0);
    return true;
  }();
  static_cast<void>(installed);
}

Deadline::Deadline(std::chrono::seconds time) { deadline = {Clock::now(), time}; }

Deadline::~Deadline() { deadline = {}; }

bool deadline_passed() noexcept { return has_gone_by(deadline.length); }

bool deadline_half_over() noexcept { return has_gone_by(deadline.length / 2); }

bool cancel_requested() noexcept { return signal_came != 0; }

void throw_if_cancelled() {
  if (cancel_requested()) {
    throw Error(ErrorKind::interrupted, "interrupted by a signal; the next run goes on from here");
  }
  if (deadline_passed()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(deadline.length).count();
    throw Error(ErrorKind::interrupted,
                "the run's time is over (--deadline, " + std::to_string(seconds) +
                    " s); the next run goes on from here. Where runs need longer every time, give "
                    "them a longer --deadline");
  }
}

}  // namespace defender_car
