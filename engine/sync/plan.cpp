#include "sync/plan.h"

#include "base/cancel.h"
#include "base/files.h"
#include "derive/derive.h"
#include "fetch/fetch.h"
#include "run/dataset.h"
#include "run/guard.h"
#include "run/lifecycle.h"
#include "run/mode.h"
#include "run/prepare.h"
#include "run/working_dir.h"
#include "store/lock.h"
#include "sync/plan_file.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

bool is_there(const fs::path& file) {
  std::error_code error;
  const bool there = fs::exists(file, error);
  if (error) throw Error(ErrorKind::usage, file.string() + " cannot be read: " + error.message());
  return there;
}

std::vector<SentCount> counts(Statement& query) {
  std::vector<SentCount> counts;
  while (query.step())
    counts.push_back(
        {kOperations.read(query.text(0)), query.text(1), query.text(2), query.integer(3)});
  return counts;
}

}  // namespace

Plan::Plan(const SyncSettings& settings, const fs::path& save, HttpClient& http,
           Progress& progress) {
  const Deadline deadline(settings.deadline);
  if (!save.empty()) require_new(save);
  copy_state(settings);
  limit_rate(settings, http);
  DefenderClient defender(http, settings.defender, settings.hunting_api, settings.defender_limits);
  CarClient car(http, settings.car);
  Run run(settings, http, progress, *state_, defender, car);
  const std::string holder = lock_holder(WorkingDir{settings.working_dir}.lock());
  if (!holder.empty())
    run.warn("a run is at work (" + holder +
             "): this is what would be sent if it ended where it is now");
  try {
    run_phases(run, save);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage || error.kind() == ErrorKind::internal) throw;
    note_failure(run, error);
  }
  if (run.stage_open) report_datasets(run);
  count_work(run);
  run.report.finished_at = run.clock.text();
  report_ = std::move(run.report);
  now_ = run.now;
}

Plan::~Plan() = default;

void Plan::copy_state(const SyncSettings& settings) {
  const WorkingDir folder{settings.working_dir};
  const WorkingDir here{folder_.path()};
  Trust trust = Trust::as_left;
  if (is_there(folder.state())) {
    const LockNote left = lock_note(folder.lock());
    // A run at work knows better than a note.
    if (lock_holder(folder.lock()).empty()) trust = trust_in(folder.state(), left);
    Database live(folder.state(), OpenMode::read_only, settings.vfs);
    if (trust != Trust::as_left) trust = trust_in(live, left, trust);
    if (trust != Trust::as_left) check_whole(live, folder.state());
    live.statement("plan/let_copy").run();
    live.copy_to(here.state());
  }
  state_ = std::make_unique<Database>(here.state(), OpenMode::create);
  state_->statement("plan/wait_for_no_disk").run();
  prepare_state(*state_, settings, trust);
  state_run_ = state_->number("plan/last_run");
  state_->run_script("schema/plan/10_before.sql");
}

void Plan::run_phases(Run& run, const fs::path& save) {
  const WorkingDir here{folder_.path()};
  const fs::path file = here.root / "plan.db";
  begin_run(run);
  decide_mode(run, run.car.look_at_databases());
  open_stage(run, here.stage());
  fetch(run);
  const Fetched fetched(run);
  if (!save.empty()) state_->statement("plan/keep_fetched").bind("file", file.string()).run();
  decide_session(run);
  derive(run);
  guard_unknown_assets(run);
  list(run);
  if (!save.empty()) {
    report_datasets(run);
    state_->detach("stage");
    run.stage_open = false;
    complete_plan_file(run, fetched, file);
    copy_to_new_file(file, save);
  }
  has_list_ = true;
}

void Plan::list(Run& run) {
  state_->run_script("schema/plan/20_planned.sql");
  if (run.full()) {
    state_->statement("deliver/report_as_known").bind("run_id", run.report.run_id).run();
    state_->statement("plan/as_last_known").run();
    if (run.session_allowed && state_->number("plan/unreported") == 0)
      state_->run_script("schema/plan/30_falls_away.sql");
  }
  state_->statement("plan/by_machine").run();
  run.report.sent = counts(state_->statement("plan/counts"));
  with_car_ = state_->number("plan/count_with_car");
}

std::int64_t Plan::machine_count() const { return state_->number("plan/count_machines"); }

std::vector<PlannedMachine> Plan::machines(int limit, int removals_each) const {
  std::vector<PlannedMachine> machines;
  Statement& query = state_->statement("plan/machines").bind("limit", limit);
  while (query.step()) machines.push_back({query.text(0), query.text(1), {}, query.integer(2), {}});
  for (PlannedMachine& one : machines) {
    const auto key = one.machine.empty() ? std::nullopt : std::optional(one.machine);
    one.imports = counts(state_->statement("plan/imports_of").bind("machine", key));
    Statement& removals =
        state_->statement("plan/removals_of").bind("machine", key).bind("limit", removals_each);
    while (removals.step())
      one.first_removals.push_back({kOperations.read(removals.text(0)), removals.text(1),
                                    removals.text(2), "", "", removals.text(3), removals.text(4)});
  }
  return machines;
}

void Plan::each_operation(const std::function<void(const PlannedOperation&)>& action) const {
  Statement& query = state_->statement("plan/operations");
  while (query.step())
    action({kOperations.read(query.text(0)), query.text(1), query.text(2), query.text(3),
            query.text(4), query.text(5), query.text(6), query.integer(7) != 0});
}

}  // namespace defender_car
