#include "sync/run_life.h"

#include <spdlog/spdlog.h>

#include "base/cancel.h"
#include "store/lock.h"
#include "store/migrator.h"
#include "store/trust.h"
#include "sync/tally.h"

namespace defender_car {
namespace {

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
  report.set_aside = run.state.statement("run/set_aside").bind("run_id", report.run_id).number();
  report.defender_calls = run.defender.calls();
  report.car_calls = run.http.requests_sent() - run.defender.calls();
  if (report.set_aside > 0 && run.settings.strict && !report.failure) {
    run.fail(ErrorKind::bad_data, std::to_string(report.set_aside) +
                                      " records were set aside (--strict); see table rejected");
  }
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

// Somebody else's changes may be anything: nothing that was read before is relied upon, and the
// next full import brings CAR back to what Defender says.
void distrust(Database& state, const std::string& reason) {
  for (const char* name : {"full_due", "derive_all"})
    state.statement("run/set").bind("name", name).bind("value", reason).run();
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

void run_on(const WorkingDir& folder, Trust trust, const SyncSettings& settings, HttpClient& http,
            Progress& progress, const RunBody& body) {
  Database state(folder.state(), OpenMode::create, settings.vfs);
  if (trust != Trust::as_left) check_whole(state, folder.state());
  const bool derivation_changed = migrate(state);
  bind_state(state, settings.defender.tenant_id, settings.car.source);
  if (trust == Trust::altered)
    distrust(state, "the state file was written to by another program since the last run");
  if (settings.defender_rate.requests > 0) {
    http.limit_rate(settings.defender.defender_url, settings.defender_rate);
    http.limit_rate(settings.defender.graph_url, settings.defender_rate);
  }
  DefenderClient defender(http, settings.defender, settings.hunting_api, settings.defender_limits);
  CarClient car(http, settings.car);
  Run run(settings, http, progress, state, defender, car);
  car.set_address_form(run.setting("address_form"));
  if (derivation_changed) run.set("derive_all", "the derivation's text changed");
  body(run, folder);
  fold_log(state);
}

}  // namespace

void begin_run(Run& run) {
  run.report.started_at = iso8601(system_now());
  run.report_ms = system_now();
  Statement& begin = run.state.statement("run/begin").bind("started_at", run.report.started_at);
  begin.step();
  run.report.run_id = begin.integer(0);
  begin.run();
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

void note_failure(Run& run, const Error& error) {
  if (!(run.report.failure && *run.report.failure == error.kind()))
    run.fail(error.kind(), error.what());
  if (error.kind() == ErrorKind::car_unrecoverable)
    run.set("full_due", "the last failure of CAR was unrecoverable");
}

void with_run(const SyncSettings& settings, HttpClient& http, Progress& progress,
              const RunBody& body) {
  const Deadline deadline(settings.deadline);
  const WorkingDir folder{settings.working_dir};
  folder.make();
  StateLock lock(folder.lock());
  const Trust trust = trust_in(folder.state(), lock.left());
  try {
    run_on(folder, trust, settings, http, progress, body);
    lock.leave(trust_note(folder.state()));
  } catch (...) {
    // Turned away before it began: what was known of the file is still known.
    lock.leave(trust == Trust::as_left ? trust_note(folder.state()) : lock.left());
    throw;
  }
}

}  // namespace defender_car
