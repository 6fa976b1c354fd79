#pragma once
// A command's work with progress on a terminal, and none elsewhere.

#include "cli/commands.h"
#include "cli/progress.h"

namespace defender_car {

template <typename Work>
auto with_progress(const Session& session, Work work) {
  if (!session.terminal) {
    SilentProgress progress;
    return work(progress);
  }
  TerminalProgress progress;
  const LineHook hook(session.log, [&] { progress.clear(); });
  return work(progress);
}

}  // namespace defender_car
