#include "audit/history.h"

#include "audit/state.h"
#include "base/printable.h"
#include "run/call_meter.h"
#include "run/ledger_counts.h"
#include "run/retirement.h"
#include "run/state_settings.h"
#include "store/lock.h"
#include "store/schema_check.h"
#include "store/trust.h"

namespace defender_car {
namespace {

std::vector<RunRow> runs(Database& state, int limit) {
  std::vector<RunRow> rows;
  Statement& query = state.statement("history/runs").bind("limit", limit);
  while (query.step()) {
    RunRow& row = rows.emplace_back();
    row.run_id = query.integer("run_id");
    row.mode = query.text("mode");
    row.reason = query.text("reason");
    row.outcome = query.text("outcome");
    row.started_at = query.text("started_at");
    row.finished_at = query.text("finished_at");
    row.error = printable_lines(query.text("error"));
    row.defender_calls = query.integer("defender_calls");
    row.car_calls = query.integer("car_calls");
  }
  for (RunRow& row : rows) {
    row.set_aside = set_aside_by(state, row.run_id);
    row.sent = sent_by(state, row.run_id);
  }
  return rows;
}

void read_same_failure(Database& state, Status& status) {
  const std::string failure = state.text("history/last_failure");
  if (failure.empty()) return;
  const SameFailure same = same_failure(state, failure);
  status.same_failure_count = same.count;
  status.same_failure_since = same.since;
}

// An older program's file has counted none.
std::vector<CallCount> calls(Database& state) {
  CallBudget budget(0, {});
  if (state.number("history/has_calls") != 0) read_counts(state, budget);
  const EpochMs now = system_now();
  std::vector<CallCount> counts;
  for (const CallFamily family : kCallFamilies) {
    const CallQuota& quota = budget.quota(family);
    counts.push_back({std::string(family_name(family)), budget.in_last_minute(family, now),
                      quota.a_minute, budget.in_last_hour(family, now), quota.an_hour});
  }
  return counts;
}

// What the next run will find. A run at work has judged already.
std::string state_fault(Database& state, const WorkingDir& folder) {
  if (const std::string trigger = foreign_trigger(state); !trigger.empty())
    return "trigger " + printable(trigger, 200) +
           " is not this program's: no run works until it is taken out (DROP TRIGGER)";
  const LockNote left = lock_note(folder.lock());
  std::string why = why_distrusted(trust_in(state, left, trust_in(folder.state(), left)));
  if (const std::string view = altered_view(state); !view.empty())
    why = view + " is missing or has been replaced";
  return why.empty() ? "" : why + ": the next run checks the file and imports everything";
}

}  // namespace

Status read_status(const std::filesystem::path& working_dir) {
  const WorkingDir folder{working_dir};
  Database state = open_state(folder);
  require_written(state);
  return read_status(state, folder);
}

Status read_status(Database& state, const WorkingDir& folder) {
  Status status;
  const StateSettings stored(state);
  status.tenant = stored.get(StateSetting::tenant);
  status.source = stored.get(StateSetting::source);
  status.identity_model = stored.get(StateSetting::identity_model);
  status.network_source = stored.get(StateSetting::network_source);
  status.alerts_api = stored.get(StateSetting::alerts_api);
  status.warnings = retirement_warnings(stored.get(StateSetting::retiring_used),
                                        state.number("history/last_time"));
  status.model_state_id = stored.get(StateSetting::model_state_id);
  status.last_success_at = state.text("history/last_success");
  status.running = lock_holder(folder.lock());
  if (status.running.empty()) status.state_fault = state_fault(state, folder);
  auto last = runs(state, 1);
  if (!last.empty()) status.last_run = std::move(last.front());
  status.assets = state.number("history/assets");
  status.edges = state.number("history/edges");
  status.outbox = state.number("history/outbox");
  status.set_aside = set_aside_by(state, state.number("history/last_finished_sync"));
  read_same_failure(state, status);
  Statement& datasets = state.statement("history/datasets");
  while (datasets.step()) {
    status.datasets.push_back({datasets.text("name"), datasets.text("cursor"),
                               datasets.text("last_complete_at"), datasets.text("state"),
                               printable_lines(datasets.text("problem"))});
  }
  status.calls = calls(state);
  return status;
}

std::vector<RunRow> read_runs(const std::filesystem::path& working_dir, int limit) {
  Database state = open_state(WorkingDir{working_dir});
  require_written(state);
  return runs(state, limit);
}

}  // namespace defender_car
