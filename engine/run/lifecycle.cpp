#include "run/lifecycle.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/cancel.h"
#include "run/ledger_counts.h"
#include "run/prepare.h"
#include "store/lock.h"
#include "store/trust.h"

namespace defender_car {
namespace {

// What our own share of Defender's calls left for later is no failure, but not all either.
bool lacks_something(const RunReport& report) {
  return std::any_of(report.datasets.begin(), report.datasets.end(), [](const DatasetReport& one) {
    return one.state == DatasetState::incomplete || one.state == DatasetState::held;
  });
}

void describe_outcome(Run& run, bool ended) {
  RunReport& report = run.report;
  if (!report.failure) {
    report.outcome = lacks_something(report) || !run.clock_problem.empty() ? RunOutcome::partial
                                                                           : RunOutcome::done;
  } else if (*report.failure == ErrorKind::interrupted) {
    report.outcome = RunOutcome::interrupted;
  } else if (*report.failure == ErrorKind::guard) {
    report.outcome = RunOutcome::held;
  } else {
    report.outcome = ended ? RunOutcome::partial : RunOutcome::failed;
  }
}

void count_outcome(Run& run) {
  RunReport& report = run.report;
  report.sent = sent_by(run.state, report.run_id);
  count_work(run);
}

void write_down(Run& run, const std::string& snapshot) {
  RunReport& report = run.report;
  report.finished_at = run.clock.text();
  const auto or_null = [](const std::string& text) {
    return text.empty() ? std::optional<std::string>() : text;
  };
  std::optional<std::string> failure;
  if (report.failure) failure = kind_name(*report.failure);
  run.state.statement("run/finish")
      .bind("run_id", report.run_id)
      .bind("finished_at", report.finished_at)
      .bind("outcome", kRunOutcomes.text(report.outcome))
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

// How the run leaves the state file.
enum class Left { as_found, written, altered };

void run_on(const WorkingDir& folder, StateLock& lock, const SyncSettings& settings,
            HttpClient& http, Progress& progress, const RunBody& body, Left& left) {
  Trust trust = trust_in(folder.state(), lock.left());
  if (trust == Trust::as_left) lock.note_run(0);  // opening it may change it already
  const auto state = open_checked(folder.state(), lock.left(), trust, settings.vfs);
  // Whoever is turned away by prepare_state() leaves the distrust to the next run.
  if (why_distrusted(trust).empty()) left = Left::written;
  prepare_state(*state, settings, trust);
  left = Left::written;
  limit_rate(settings, http);
  DefenderClient defender(http, settings.defender, settings.hunting_api, settings.defender_limits);
  CarClient car(http, settings.car);
  Run run(settings, http, progress, *state, defender, car);
  car.set_address_form(run.stored.get(StateSetting::address_form));
  try {
    body(run, folder, lock);
  } catch (const Error&) {
    if (state->altered_meanwhile()) left = Left::altered;
    throw;
  }
  if (state->altered_meanwhile()) left = Left::altered;
  state->take_log_in();
}

void leave(StateLock& lock, const WorkingDir& folder, Left left) {
  switch (left) {
    case Left::as_found:
      return lock.leave_as_found();
    case Left::written:
      return lock.leave(trust_note(folder.state()));
    case Left::altered:
      leave_foreign_log_out(folder.state());
      return lock.leave(kAlteredMeanwhile);
  }
}

}  // namespace

// What failed first is told first, also when its end cannot be written down (on a full disk, say).
void end_run(Run& run, bool ended, const std::string& snapshot) {
  try {
    run.call_meter.write_counts();
    if (run.state.altered_meanwhile())
      run.warn(
          "another program wrote to the state file while this run was at work, or put another file "
          "in its place: the next run is a full import");
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
    run.stored.set(StateSetting::full_due, "the last failure of CAR was unrecoverable");
}

void with_run(const SyncSettings& settings, HttpClient& http, Progress& progress,
              const RunBody& body) {
  const Deadline deadline(settings.deadline);
  const WorkingDir folder{settings.working_dir};
  folder.make();
  StateLock lock(folder.lock());
  Left left = Left::as_found;
  try {
    run_on(folder, lock, settings, http, progress, body, left);
  } catch (...) {
    leave(lock, folder, left);
    throw;
  }
  leave(lock, folder, left);
}

}  // namespace defender_car
