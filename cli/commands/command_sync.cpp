// `defender-car sync`: one run and its summary.

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

/// The summary, and the log lines that were withheld while nobody watched, but for those that the
/// summary repeats.
void print_summary(const Session& session, const RunReport& report) {
  if (is_unwatched(session) && is_good(report)) return;
  if (is_unwatched(session) && is_repeated(report)) {
    write_error(repeated_failure(report));
    return;
  }
  std::vector<std::string> in_summary = report.warnings;
  if (!report.error.empty()) in_summary.push_back(report.error);
  write_error(summary(report, [&](const auto& text) { return session.log.has_shown(text); }));
  session.log.release(in_summary);
}

}  // namespace

int run_sync_command(const Session& session) {
  if (is_unwatched(session)) session.log.withhold();
  const RunReport report = with_services(session, [&](HttpClient& http, Progress& progress) {
    return run_sync(session.options.settings, http, progress);
  });
  if (is_good(report) || is_repeated(report)) session.log.drop();
  if (session.options.format == Format::json) {
    session.log.release({});
    write_out(report_json(report));
  } else {
    print_summary(session, report);
  }
  return exit_code(report.failure);
}

}  // namespace defender_car
