#pragma once
// A command's work with progress on a terminal that can erase a line, and none elsewhere; and with
// HTTP.

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/output/progress.h"
#include "http/http_client.h"

namespace defender_car {

template <typename Work>
auto with_progress(const Session& session, Work work) {
  if (!session.can_erase) {
    SilentProgress progress;
    return work(progress);
  }
  TerminalProgress progress;
  const LineHook hook(session.log, [&] { progress.clear(); });
  return work(progress);
}

/// The same for one that asks services: work(http, progress).
template <typename Work>
auto with_services(const Session& session, Work work) {
  return with_progress(session, [&](Progress& progress) {
    HttpOptions options;
    options.ca_file = session.options.settings.ca_file;
    options.max_parallel = std::max(options.max_parallel, session.options.settings.car.concurrency);
    HttpClient http(options, progress);
    return work(http, progress);
  });
}

}  // namespace defender_car
