#include "sync/sync.h"

#include <spdlog/spdlog.h>

#include "base/cancel.h"
#include "store/lock.h"
#include "store/trust.h"
#include "sync/dataset.h"
#include "sync/deliver.h"
#include "sync/derive.h"
#include "sync/guard.h"
#include "sync/mode.h"
#include "sync/phases.h"
#include "sync/plan_file.h"
#include "sync/run.h"
#include "sync/snapshot_file.h"
#include "sync/snapshots.h"
#include "sync/tally.h"
#include "sync/working_dir.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

// Without it the chain has a gap: the next checkpoint begins a new one.
std::string keep_snapshot(Run& run, const WorkingDir& folder) {
  report_datasets(run);
  run.state.statement("digest/keep_session").bind("session", run.session_allowed ? 1 : 0).run();
  run.state.detach("stage");
  run.stage_open = false;
  const std::string name = snapshot_name(run.report.run_id, run.report.mode);
  try {
    put_in_place(folder.stage(), folder.snapshots() / name, run.settings.compress_snapshots);
    return name + (run.settings.compress_snapshots ? ".gz" : "");
  } catch (const Error& error) {
    run.warn(std::string("the snapshot could not be kept: ") + error.what());
    run.set("chain_broken", "run " + std::to_string(run.report.run_id) + " left no snapshot");
    return "";
  }
}

// A run that was killed between its derivation and here left its stage: it belongs to the chain.
void rescue_stage(Database& state, const WorkingDir& folder, bool compress) {
  const std::int64_t last = state.number("snapshot/last_unkept_run");
  if (last == 0) return;
  try {
    const SnapshotInfo left = read_snapshot(folder.stage(), folder.root);
    const std::string digest =
        state.statement("digest/here").bind("run_id", last).value().value_or("");
    if (left.run_id == last && left.digest == digest) {
      const std::string name = snapshot_name(last, left.kind);
      put_in_place(folder.stage(), folder.snapshots() / name, compress);
      return state.statement("snapshot/kept_as")
          .bind("run_id", last)
          .bind("snapshot", name + (compress ? ".gz" : ""))
          .run();
    }
  } catch (const Error& error) {
    spdlog::debug("the stage of run {} is lost: {}", last, error.what());
  }
  state.statement("run/set")
      .bind("name", "chain_broken")
      .bind("value", "run " + std::to_string(last) + " was killed before it left its snapshot")
      .run();
}

// Nothing of this may fail a run that did its work.
void keep_within_limits(Run& run) {
  try {
    keep_within_limits(run.state, run.settings);
  } catch (const Error& error) {
    run.warn(std::string("old snapshots and runs could not be pruned: ") + error.what());
  }
}

// A run that ended before its stage was derived from leaves nothing to replay.
void discard_stage(Run& run, const WorkingDir& folder) {
  if (!run.stage_open) return;
  try {
    report_datasets(run);
    run.state.detach("stage");
  } catch (const Error& error) {
    spdlog::debug("{}", error.what());  // on a full disk, say: the first failure is the one to tell
  }
  std::error_code error;
  fs::remove(folder.stage(), error);
}

void read_defender(Run& run, const WorkingDir& folder) {
  open_stage(run, folder.stage());
  PhaseClock clock(run.report, "fetch");
  fetch_in_time(run);
  decide_session(run);
}

void phases(Run& run, const WorkingDir& folder, std::string& snapshot) {
  {
    PhaseClock clock(run.report, "recover");
    if (run.planned) {
      decide_as_planned(run);
    } else {
      decide_mode(run, run.car.ensure_databases());
    }
    recover(run);
  }
  if (run.planned) {
    take_up_plan(run);
  } else {
    read_defender(run, folder);
  }
  {
    PhaseClock clock(run.report, "derive");
    derive(run);
    guard_unknown_assets(run);
    if (run.planned) leave_plan(run);
  }
  snapshot = keep_snapshot(run, folder);
  {
    PhaseClock clock(run.report, "deliver");
    deliver(run);
  }
  PhaseClock clock(run.report, "settle");
  settle(run);
}

void describe_outcome(Run& run, bool ended) {
  RunReport& report = run.report;
  if (!report.failure) {
    report.outcome = "done";
  } else if (*report.failure == ErrorKind::interrupted) {
    report.outcome = "interrupted";
  } else if (*report.failure == ErrorKind::guard) {
    report.outcome = "held";
  } else {
    report.outcome = ended ? "partial" : "failed";
  }
}

void count_outcome(Run& run) {
  RunReport& report = run.report;
  report.sent = sent_by(run.state, report.run_id);
  count_work(run);
}

void write_down(Run& run, const std::string& snapshot) {
  RunReport& report = run.report;
  report.finished_at = iso8601(system_now());
  const auto or_null = [](const std::string& text) {
    return text.empty() ? std::optional<std::string>() : text;
  };
  std::optional<std::string> failure;
  if (report.failure) failure = kind_name(*report.failure);
  run.state.statement("run/finish")
      .bind("run_id", report.run_id)
      .bind("finished_at", report.finished_at)
      .bind("outcome", report.outcome)
      .bind("failure", failure)
      .bind("error", or_null(report.error))
      .bind("defender_calls", report.defender_calls)
      .bind("car_calls", report.car_calls)
      .bind("snapshot", or_null(snapshot))
      .run();
  if (!failure) return;
  const SameFailure same = same_failure(run.state, *failure);
  report.same_failure_count = same.count;
  report.same_failure_since = same.since;
}

// What failed first is told first, also when its end cannot be written down (on a full disk, say).
void end_run(Run& run, bool ended, const std::string& snapshot) {
  try {
    count_outcome(run);
    describe_outcome(run, ended);
    write_down(run, snapshot);
  } catch (const Error& error) {
    if (!run.report.failure || run.report.error == error.what()) throw;
    throw Error(*run.report.failure,
                run.report.error + "\nNor could this run's end be written down: " + error.what());
  }
}

RunReport run_once(Run& run, const WorkingDir& folder) {
  begin_run(run);
  std::string snapshot;
  bool ended = false;
  try {
    phases(run, folder, snapshot);
    ended = true;
  } catch (const Error& error) {
    if (!(run.report.failure && *run.report.failure == error.kind()))
      run.fail(error.kind(), error.what());
    discard_stage(run, folder);
    if (error.kind() == ErrorKind::car_unrecoverable)
      run.set("full_due", "the last failure of CAR was unrecoverable");
  }
  end_run(run, ended, snapshot);
  keep_within_limits(run);
  return std::move(run.report);
}

// While an idle reader keeps the file open, closing it would leave the log: then nobody could tell
// next time whether the file is as this run left it.
void fold_log(Database& state) {
  try {
    state.run_script("schema/connection_end.sql");
  } catch (const Error& error) {
    spdlog::debug("{}", error.what());
  }
}

RunReport run_on(const WorkingDir& folder, Trust trust, const SyncSettings& settings,
                 HttpClient& http, Progress& progress) {
  Database state(folder.state(), OpenMode::create, settings.vfs);
  if (trust != Trust::as_left) check_whole(state, folder.state());
  prepare_state(state, settings, trust);
  rescue_stage(state, folder, settings.compress_snapshots);
  limit_rate(settings, http);
  DefenderClient defender(http, settings.defender, settings.hunting_api, settings.defender_limits);
  CarClient car(http, settings.car);
  Run run(settings, http, progress, state, defender, car);
  car.set_address_form(run.setting("address_form"));
  if (!settings.plan.empty()) attach_plan(run, folder.stage());
  RunReport report = run_once(run, folder);
  fold_log(state);
  return report;
}

}  // namespace

RunReport run_sync(const SyncSettings& asked, HttpClient& http, Progress& progress) {
  const SyncSettings settings = asked.plan.empty() ? asked : as_planned(asked);
  const Deadline deadline(settings.deadline);
  const WorkingDir folder{settings.working_dir};
  folder.make();
  StateLock lock(folder.lock());
  const Trust trust = trust_in(folder.state(), lock.left());
  try {
    RunReport report = run_on(folder, trust, settings, http, progress);
    lock.leave(trust_note(folder.state()));
    return report;
  } catch (...) {
    // Turned away before it began: what was known of the file is still known.
    lock.leave(trust == Trust::as_left ? trust_note(folder.state()) : lock.left());
    throw;
  }
}

}  // namespace defender_car
