// `defender-car runs`: the history, newest first, from the state file alone.

#include "audit/history.h"
#include "base/error.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

std::int64_t count_of(const RunRow& run, std::initializer_list<Operation> operations) {
  std::int64_t total = 0;
  for (const SentCount& sent : run.sent) {
    for (const Operation operation : operations) {
      if (sent.operation == operation) total += sent.count;
    }
  }
  return total;
}

std::string runs_text(const std::vector<RunRow>& runs, const Style& style) {
  std::vector<std::vector<std::string>> rows{{"run", "started", "finished", "mode", "outcome",
                                              "imported", "disabled", "deleted", "set aside",
                                              "calls", "why, or what failed"}};
  for (const RunRow& run : runs) {
    rows.push_back(
        {std::to_string(run.run_id), run.started_at,
         run.finished_at.empty() ? "-" : run.finished_at, run.mode,
         run.outcome.empty() ? "not finished" : run.outcome,
         std::to_string(count_of(run, {Operation::vertex, Operation::edge, Operation::touch})),
         std::to_string(count_of(run, {Operation::disable})),
         std::to_string(count_of(run, {Operation::delete_asset, Operation::drop})),
         std::to_string(run.set_aside), std::to_string(run.defender_calls + run.car_calls),
         run.error.empty() ? run.reason : run.error});
  }
  return table(rows, style.width);
}

std::string runs_json(const std::vector<RunRow>& runs) {
  JsonWriter json;
  begin_document(json, "runs");
  json.integer("exit_code", 0);
  json.list("runs", runs, [&](const RunRow& run) { write_run(json, run); });
  json.end_object();
  return json.str() + "\n";
}

}  // namespace

int run_runs_command(const Session& session) {
  const Options& options = session.options;
  const std::vector<RunRow> runs = read_runs(options.settings.working_dir, options.limit);
  write_out(options.format == Format::json ? runs_json(runs) : runs_text(runs, session.style));
  return 0;
}

}  // namespace defender_car
