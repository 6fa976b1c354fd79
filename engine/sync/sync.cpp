#include "sync/sync.h"

#include <spdlog/spdlog.h>

#include "base/cancel.h"
#include "deliver/deliver.h"
#include "derive/derive.h"
#include "fetch/fetch.h"
#include "run/clock.h"
#include "run/dataset.h"
#include "run/guard.h"
#include "run/lifecycle.h"
#include "run/mode.h"
#include "run/prepare.h"
#include "run/run.h"
#include "run/working_dir.h"
#include "snapshot/file.h"
#include "snapshot/retention.h"
#include "sync/plan_file.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

// What is to be kept of the stage: an incremental run's without what told nothing new. Where that
// cannot be written, the stage as it is.
fs::path kept_part(Run& run, const WorkingDir& folder) {
  if (run.full()) return folder.stage();
  try {
    write_pruned(run.state, folder.kept());
    return folder.kept();
  } catch (const Error& error) {
    spdlog::debug("the whole stage is kept: {}", error.what());
    return folder.stage();
  }
}

// Without it the chain has a gap: the next checkpoint begins a new one.
std::string keep_snapshot(Run& run, const WorkingDir& folder) {
  report_datasets(run);
  run.state.statement("digest/keep_session").bind("session", run.session_allowed ? 1 : 0).run();
  const fs::path kept = kept_part(run, folder);
  run.state.detach("stage");
  run.stage_open = false;
  const std::string name = snapshot_name(run.report.run_id, kRunModes.text(run.report.mode));
  try {
    put_in_place(kept, folder.snapshots() / name, run.settings.compress_snapshots, run.clock.now());
    if (kept != folder.stage()) fs::remove(folder.stage());
    return name + (run.settings.compress_snapshots ? ".gz" : "");
  } catch (const Error& error) {
    run.warn(std::string("the snapshot could not be kept: ") + error.what());
    run.stored.set(StateSetting::chain_broken,
                   "run " + std::to_string(run.report.run_id) + " left no snapshot");
    return "";
  }
}

// What a run that was killed after its derivation left of its snapshot: in place already, or still
// the stage. "" for nothing.
std::string left_snapshot(Database& state, const WorkingDir& folder, std::int64_t run_id,
                          bool compress) {
  const std::string digest =
      state.statement("digest/here").bind("run_id", run_id).value().value_or("");
  const auto is_its = [&](const SnapshotInfo& file) {
    return file.run_id == run_id && file.digest == digest;
  };
  for (const KeptFile& file : kept_files(folder.snapshots())) {
    if (file.run_id == run_id && file.mode != "checkpoint" &&
        is_its(read_snapshot(file.path, folder.root)))
      return file.path.filename().string();
  }
  const SnapshotInfo left = read_snapshot(folder.stage(), folder.root);
  if (!is_its(left)) return "";
  const std::string name = snapshot_name(run_id, left.kind);
  put_in_place(folder.stage(), folder.snapshots() / name, compress, last_believed_time(state));
  return name + (compress ? ".gz" : "");
}

// It belongs to the chain. Where it is lost, a checkpoint stands in its place at once: what comes
// next builds on it.
void rescue_snapshot(Database& state, const WorkingDir& folder, bool compress) {
  const std::int64_t last = state.number("snapshot/last_unkept_run");
  if (last == 0) return;
  std::string name;
  try {
    name = left_snapshot(state, folder, last, compress);
  } catch (const Error& error) {
    spdlog::debug("the stage of run {} is lost: {}", last, error.what());
  }
  if (!name.empty()) {
    state.statement("snapshot/kept_as").bind("run_id", last).bind("snapshot", name).run();
    return;
  }
  try {
    write_checkpoint(state, folder.snapshots(), compress, last_believed_time(state));
  } catch (const Error& error) {
    spdlog::debug("{}", error.what());
    StateSettings(state).set(
        StateSetting::chain_broken,
        "run " + std::to_string(last) + " was killed before it left its snapshot");
  }
}

// Nothing of this may fail a run that did its work.
void keep_within_limits(Run& run) {
  try {
    keep_within_limits(run.state, run.settings, time_for_ages(run));
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
  fetch(run);
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
    derive(run, run.planned ? refuse_unless_as_planned : OutboxCheck());
    guard_unknown_assets(run);
    if (run.planned) leave_plan(run);
  }
  snapshot = keep_snapshot(run, folder);
  {
    PhaseClock clock(run.report, "deliver");
    deliver(run);
  }
  PhaseClock clock(run.report, "settle");
  finish_run(run);
}

RunReport run_once(Run& run, const WorkingDir& folder, StateLock& lock) {
  begin_run(run);
  lock.note_run(run.report.run_id);
  std::string snapshot;
  bool ended = false;
  try {
    phases(run, folder, snapshot);
    ended = true;
  } catch (const Error& error) {
    note_failure(run, error);
    discard_stage(run, folder);
  }
  end_run(run, ended, snapshot);
  keep_within_limits(run);
  return std::move(run.report);
}

}  // namespace

RunReport run_sync(const SyncSettings& asked, HttpClient& http, Progress& progress) {
  const SyncSettings settings = asked.plan.empty() ? asked : as_planned(asked);
  RunReport report;
  with_run(settings, http, progress, [&](Run& run, const WorkingDir& folder, StateLock& lock) {
    rescue_snapshot(run.state, folder, settings.compress_snapshots);
    if (!settings.plan.empty()) attach_plan(run, folder.stage());
    report = run_once(run, folder, lock);
  });
  return report;
}

}  // namespace defender_car
