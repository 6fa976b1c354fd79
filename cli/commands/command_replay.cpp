// `defender-car replay SNAPSHOT…`: runs from snapshot files, and whether they came to the same
// graph.

#include <algorithm>

#include "audit/explain_at.h"
#include "cli/commands/command_progress.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/output/text.h"
#include "sync/replay.h"

namespace defender_car {
namespace {

constexpr int kDifferent = 4;

ReplayRequest request_of(const Options& options) {
  ReplayRequest request;
  request.files.assign(options.words.begin(), options.words.end());
  request.until = options.until;
  if (!options.at.empty()) {
    if (options.until > 0)
      throw Error(ErrorKind::usage, "--until and --at are both given: give one");
    request.at = full_time(options.at);
  }
  const CarSettings& car = options.settings.car;
  request.to_car = !car.url.empty() || !car.token_url.empty();
  return request;
}

std::string difference_text(const ReplayedRun& run) {
  std::string text = "run " + std::to_string(run.run_id) + " (" + kRunModes.text(run.mode) + ", " +
                     run.now + ") differs: digest " + run.here + " in place of " + run.digest +
                     "\n";
  if (run.other_rules) {
    text +=
        "  Its snapshot was derived by other rules than this program's: what changed in the rules "
        "shows as a difference.\n";
  }
  for (const std::string& line : run.differences) text += "  " + printable(line) + "\n";
  return text;
}

std::string replay_text(const ReplayReport& report, const std::filesystem::path& folder) {
  std::string text;
  for (const std::string& warning : report.warnings) text += printable(warning) + "\n";
  std::int64_t different = 0;
  for (const ReplayedRun& run : report.runs) {
    if (run.equal()) continue;
    ++different;
    text += difference_text(run);
  }
  text += std::to_string(report.runs.size()) + " runs replayed into " + printable(folder.string()) +
          (report.from.empty() ? "" : ", on top of " + printable(report.from));
  if (report.skipped > 0) text += "; " + std::to_string(report.skipped) + " files not needed";
  text += ".\n";
  if (report.runs.empty()) return text;
  text += different == 0 ? "All digests are equal.\n"
                         : std::to_string(different) + " of them differ, see above.\n";
  const ReplayedRun& last = report.runs.back();
  return text + "The state stands after run " + std::to_string(last.run_id) + " of " + last.now +
         ", digest " + last.here + ".\n";
}

void write_run(JsonWriter& json, const ReplayedRun& run) {
  json.integer("run_id", run.run_id);
  json.text("mode", kRunModes(run.mode));
  json.text("now", run.now);
  json.text("digest", run.digest);
  json.text("digest_here", run.here);
  json.boolean("equal", run.equal());
  json.boolean("other_rules", run.other_rules);
  json.texts("differences", run.differences);
  write_sent(json, run.sent);
}

std::string replay_json(const ReplayReport& report) {
  JsonWriter json;
  begin_document(json, "replay");
  json.integer("exit_code", report.equal ? 0 : kDifferent);
  json.boolean("equal", report.equal);
  json.text_or_null("from", report.from);
  json.integer("skipped", report.skipped);
  json.texts("warnings", report.warnings);
  json.list("runs", report.runs, [&](const ReplayedRun& run) { write_run(json, run); });
  json.end_object();
  return json.str() + "\n";
}

}  // namespace

int run_replay_command(const Session& session) {
  const SyncSettings& settings = session.options.settings;
  const ReplayReport report = with_services(session, [&](HttpClient& http, Progress& progress) {
    return replay(settings, request_of(session.options), http, progress);
  });
  write_out(session.options.format == Format::json ? replay_json(report)
                                                   : replay_text(report, settings.working_dir));
  return report.equal ? 0 : kDifferent;
}

}  // namespace defender_car
