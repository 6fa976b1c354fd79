#include "sync/replay.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "base/cancel.h"
#include "deliver/deliver.h"
#include "deliver/null_car.h"
#include "derive/derive.h"
#include "derive/digest.h"
#include "run/dataset.h"
#include "run/ledger_counts.h"
#include "run/run.h"
#include "run/working_dir.h"
#include "snapshot/file.h"
#include "store/lock.h"
#include "store/migrator.h"
#include "store/trust.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

constexpr int kDifferencesShown = 10;

bool is_checkpoint(const SnapshotInfo& file) { return file.kind == "checkpoint"; }

std::string named(const SnapshotInfo& file) {
  return file.path.filename().string() + " (run " + std::to_string(file.run_id) + ")";
}

std::vector<SnapshotInfo> read_all(const ReplayRequest& request, const fs::path& scratch,
                                   Progress& progress) {
  std::vector<SnapshotInfo> files;
  for (const fs::path& path : request.files) {
    throw_if_cancelled();
    files.push_back(read_snapshot(path, scratch));
    const SnapshotInfo& file = files.back();
    if (file.tenant != files[0].tenant || file.source != files[0].source) {
      throw Error(ErrorKind::usage, named(file) + " is of tenant " + file.tenant + ", source " +
                                        file.source + ", the others are not: replay one at a time");
    }
    progress.report("checking snapshots", std::ssize(files), std::ssize(request.files));
  }
  std::sort(files.begin(), files.end(), [](const SnapshotInfo& a, const SnapshotInfo& b) {
    return std::pair(a.run_id, is_checkpoint(a)) < std::pair(b.run_id, is_checkpoint(b));
  });
  return files;
}

std::int64_t last_run_by(const std::vector<SnapshotInfo>& files, const std::string& at) {
  std::int64_t run_id = 0;
  for (const SnapshotInfo& file : files) {
    if (file.now <= at) run_id = file.run_id;
  }
  if (run_id > 0) return run_id;
  throw Error(ErrorKind::usage, "none of these files is of a run by " + at +
                                    "; the first one's clock says " + files[0].now);
}

// Where the state stands that the replay goes on from.
struct Standing {
  std::int64_t run_id = 0;  ///< 0: empty
  std::string digest;
};

class Replayer {
 public:
  Replayer(const SyncSettings& settings, const ReplayRequest& request, HttpClient& http,
           Progress& progress)
      : settings_(settings),
        request_(request),
        http_(http),
        progress_(progress),
        folder_{settings.working_dir} {}

  ReplayReport run() {
    folder_.make();
    StateLock lock(folder_.lock());
    const Trust trust = trust_in(folder_.state(), lock.left());
    // That somebody else wrote to the file is still to be told to the next sync.
    const auto leave = [&] {
      trust == Trust::as_left ? lock.leave(trust_note(folder_.state())) : lock.leave_as_found();
    };
    try {
      replay_files();
    } catch (...) {
      leave();
      throw;
    }
    leave();
    return std::move(report_);
  }

 private:
  void replay_files() {
    const std::vector<SnapshotInfo> files = read_all(request_, folder_.root, progress_);
    if (!request_.at.empty()) request_.until = last_run_by(files, request_.at);
    settings_.defender.tenant_id = files[0].tenant;
    settings_.car.source = files[0].source;
    if (!fs::exists(folder_.state())) begin(files);
    Database state(folder_.state(), OpenMode::create);
    migrate(state);
    bind_state(state, settings_.defender.tenant_id, settings_.car.source);
    replay_all(state, files);
  }

  // An empty folder: the chain's first full import is the beginning, or a checkpoint: the first one
  // from which no snapshot is missing.
  void begin(const std::vector<SnapshotInfo>& files) {
    std::optional<Error> gap;
    for (const SnapshotInfo& file : files) {
      const bool checkpoint = is_checkpoint(file);
      const bool candidate = checkpoint || (file.kind == "full" && !gap);
      if (!candidate || (request_.until > 0 && file.run_id > request_.until)) continue;
      try {
        chain(files, checkpoint ? Standing{file.run_id, file.digest} : Standing{});
      } catch (const Error& error) {
        if (!gap) gap = error;
        continue;
      }
      report_ = {};
      if (gap) {
        report_.warnings.push_back("snapshots before " + named(file) +
                                   " are missing: the replay begins at this checkpoint");
      }
      if (!checkpoint) return;
      take_out(file.path, folder_.state());
      report_.from = file.path.filename().string();
      return;
    }
    if (gap) throw Error(*gap);
    throw Error(ErrorKind::usage, "there is no full import and no checkpoint among the files" +
                                      up_to() + ", and no state file in " + folder_.root.string() +
                                      ": an incremental run builds on the one before it");
  }

  std::string up_to() const {
    return request_.until > 0 ? " up to run " + std::to_string(request_.until) : "";
  }

  Standing standing(Database& state) const {
    return {state.number("snapshot/last_derived_run"),
            StateSettings(state).get(StateSetting::digest)};
  }

  // Which ones are to be replayed; throws where the chain has a gap, before anything is done.
  std::vector<SnapshotInfo> chain(const std::vector<SnapshotInfo>& files, Standing at) {
    std::vector<SnapshotInfo> chain;
    for (const SnapshotInfo& file : files) {
      if (is_checkpoint(file) || (request_.until > 0 && file.run_id > request_.until)) continue;
      const bool before_any_full = at.run_id == 0 && file.kind == "incremental";
      if (file.run_id <= at.run_id || before_any_full) {
        ++report_.skipped;
        continue;
      }
      if (file.builds_on != at.digest) tell_gap(file, at);
      at = {file.run_id, file.digest};
      chain.push_back(file);
    }
    return chain;
  }

  void tell_gap(const SnapshotInfo& file, const Standing& at) {
    const std::string where =
        at.run_id == 0 ? "an empty state" : "the state after run " + std::to_string(at.run_id);
    if (file.kind == "incremental") {
      throw Error(ErrorKind::usage,
                  named(file) + " builds on digest " + file.builds_on.substr(0, 12) + "…, not on " +
                      where + " (" + (at.digest.empty() ? "none" : at.digest.substr(0, 12) + "…") +
                      "): snapshots between are missing. Nothing was changed");
    }
    report_.warnings.push_back(
        named(file) + " is a full import that did not follow on " + where +
        ": what it still knew from runs before cannot be told from it alone");
  }

  void replay_all(Database& state, const std::vector<SnapshotInfo>& files) {
    finish_cut_off(state, files);
    const Standing at = standing(state);
    if (request_.until > 0 && at.run_id > request_.until) {
      throw Error(ErrorKind::usage, "the state in " + folder_.root.string() + " stands after run " +
                                        std::to_string(at.run_id) + " already: replay" + up_to() +
                                        " into an empty folder");
    }
    if (report_.from.empty() && at.run_id > 0) report_.from = "run " + std::to_string(at.run_id);
    if (state.number("history/outbox") > 0 && request_.to_car) refuse_open_operations();
    const auto runs = chain(files, at);
    if (request_.to_car && !runs.empty()) check_car(state, runs);
    for (const SnapshotInfo& file : runs) {
      throw_if_cancelled();
      replay_one(state, file);
      progress_.report("replaying", std::ssize(report_.runs), std::ssize(runs));
    }
  }

  // A replay to the sink that was cut off after a run's derivation: what was left open was not so
  // in the recorded run.
  void finish_cut_off(Database& state, const std::vector<SnapshotInfo>& files) {
    const std::int64_t last = state.number("snapshot/last_derived_run");
    const std::string of = StateSettings(state).get(StateSetting::replaying);
    if (request_.to_car || of != std::to_string(last)) return;
    const auto file = std::find_if(files.begin(), files.end(), [&](const SnapshotInfo& one) {
      return one.run_id == last && !is_checkpoint(one);
    });
    if (file == files.end()) {
      throw Error(ErrorKind::usage, "the replay in " + folder_.root.string() +
                                        " was cut off within run " + of +
                                        ": name its snapshot, too");
    }
    with_run(state, [&](Run& run) {
      take_up(run, *file);
      deliver_to_sink(run);
      finish(run, *file);
    });
  }

  void refuse_open_operations() const {
    throw Error(ErrorKind::usage,
                "the state in " + folder_.root.string() +
                    " holds operations that CAR has not answered for: begin again with an empty "
                    "folder, or with a copy of a state that has none");
  }

  // A CAR that somebody else keeps would be taken back in time.
  void check_car(Database& state, const std::vector<SnapshotInfo>& runs) {
    CarClient car(http_, settings_.car);
    car.ensure_databases();
    const std::string theirs = car.save_point().value_or("");
    const StateSettings stored(state);
    const bool ours = theirs.empty() || theirs == stored.get(StateSetting::model_state_id) ||
                      theirs == stored.get(StateSetting::previous_model_state_id);
    const bool of_chain = std::any_of(runs.begin(), runs.end(), [&](const SnapshotInfo& file) {
      return theirs == std::to_string(file.report_ms);
    });
    if (ours || of_chain) return;
    throw Error(
        ErrorKind::guard,
        "CAR's save point of source " + settings_.car.source + " is " + theirs +
            ", which none of these runs left: a replay would take that CAR back in time. Use "
            "a CAR without this source, or remove its save point first");
  }

  void replay_one(Database& state, const SnapshotInfo& file) {
    take_out(file.path, folder_.stage());
    state.attach(folder_.stage(), "stage");
    bring_up_stage(state);
    with_run(state, [&](Run& run) {
      take_up(run, file);
      derive(run);
      report_.runs.push_back(compare(run, file));
      report_datasets(run);
      state.detach("stage");
      if (request_.to_car) {
        deliver(run);
        finish_run(run);
      } else {
        deliver_to_sink(run);
      }
      report_.runs.back().sent = sent_by(state, file.run_id);
      finish(run, file);
    });
  }

  template <typename Body>
  void with_run(Database& state, const Body& body) {
    DefenderClient defender(http_, settings_.defender, settings_.hunting_api,
                            settings_.defender_limits);
    CarClient car(http_, settings_.car);
    Run run(settings_, http_, progress_, state, defender, car);
    body(run);
  }

  void take_up(Run& run, const SnapshotInfo& file) {
    run.report.run_id = file.run_id;
    run.report.mode = kRunModes.read(file.kind);
    run.report.reason = file.reason;
    run.report_ms = run.report_time = file.report_ms;
    run.report.started_at = iso8601(file.report_ms);
    run.now = file.now;
    run.identity_model = file.identity_model;
    run.network_source = file.network_source;
    run.session_allowed = file.session;
    run.save_point = run.stored.get(StateSetting::model_state_id);
    run.stored.set(StateSetting::replaying, std::to_string(file.run_id));
    run.state.statement("replay/begin")
        .bind("run_id", file.run_id)
        .bind("mode", file.kind)
        .bind("reason", file.reason)
        .bind("started_at", run.report.started_at)
        .bind("clock_at", file.now)
        .bind("snapshot", file.path.filename().string())
        .run();
  }

  ReplayedRun compare(Run& run, const SnapshotInfo& file) {
    const DigestPair pair = digests(run);
    ReplayedRun replayed{.run_id = file.run_id,
                         .mode = *run.report.mode,
                         .now = file.now,
                         .digest = pair.recorded,
                         .here = pair.here,
                         .other_rules = file.derivation != run.stored.get(StateSetting::derivation),
                         .differences = {},
                         .sent = {}};
    if (!replayed.equal()) {
      replayed.differences = digest_differences(run, kDifferencesShown);
      report_.equal = false;
    }
    return replayed;
  }

  void finish(Run& run, const SnapshotInfo& file) {
    run.state.statement("replay/finish")
        .bind("run_id", file.run_id)
        .bind("finished_at", run.now)
        .run();
    run.stored.unset(StateSetting::replaying);
    std::error_code error;
    fs::remove(folder_.stage(), error);
  }

  SyncSettings settings_;
  ReplayRequest request_;
  HttpClient& http_;
  Progress& progress_;
  WorkingDir folder_;
  ReplayReport report_;
};

}  // namespace

ReplayReport replay(const SyncSettings& settings, const ReplayRequest& request, HttpClient& http,
                    Progress& progress) {
  if (request.files.empty()) {
    throw Error(
        ErrorKind::usage,
        "replay needs snapshot files: defender-car replay snapshots/*.db* --working-dir DIR");
  }
  return Replayer(settings, request, http, progress).run();
}

ReplayReport replay_to_sink(const fs::path& folder, const ReplayRequest& request,
                            Progress& progress) {
  SyncSettings settings;
  settings.working_dir = folder;
  HttpClient http({}, progress);  // asks nobody
  return replay(settings, request, http, progress);
}

}  // namespace defender_car
