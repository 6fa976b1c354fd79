// `defender-car sync`: one run, and the truth about it.

#include "cli/commands/command_progress.h"
#include "cli/commands/commands.h"
#include "cli/output/exit_code.h"
#include "cli/output/output.h"
#include "sync/sync.h"

namespace defender_car {
namespace {

/// Under cron: nobody reads along, and nobody asked for more than what matters.
bool is_unwatched(const Session& session) {
  return !session.terminal && !session.options.log.level;
}

/// Its log lines have been read before.
bool is_repeated(const RunReport& report) {
  return report.failure && report.same_failure_count > 1;
}

/// What was kept back while nobody watched: shown where the run was not good, but for what the
/// summary says.
void tell(const Session& session, const RunReport& report) {
  if (is_unwatched(session) && is_good(report)) return;
  if (is_unwatched(session) && is_repeated(report)) {
    write_error(repeated_failure(report));
    return;
  }
  std::vector<std::string> told = report.warnings;
  if (!report.error.empty()) told.push_back(report.error);
  write_error(summary(report, [&](const auto& text) { return session.log.has_shown(text); }));
  session.log.release(told);
}

}  // namespace

int run_sync_command(const Session& session) {
  if (is_unwatched(session)) session.log.hold();
  const RunReport report = with_services(session, [&](HttpClient& http, Progress& progress) {
    return run_sync(session.options.settings, http, progress);
  });
  if (is_good(report) || is_repeated(report)) session.log.drop();
  if (session.options.format == Format::json) {
    session.log.release({});
    write_out(report_json(report));
  } else {
    tell(session, report);
  }
  return exit_code(report.failure);
}

}  // namespace defender_car
