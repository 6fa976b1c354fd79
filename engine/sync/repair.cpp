#include "sync/repair.h"

#include "deliver/deliver.h"
#include "run/clock.h"
#include "run/guard.h"
#include "run/lifecycle.h"
#include "run/mode.h"
#include "run/prepare.h"
#include "sync/comparison.h"

namespace defender_car {
namespace {

// A verify needs no tenant's name on its command line; the state knows it.
SyncSettings with_tenant(SyncSettings settings) {
  Database state(WorkingDir{settings.working_dir}.state(), OpenMode::read_only);
  check_source(state, settings.car.source);
  if (settings.defender.tenant_id.empty())
    settings.defender.tenant_id = StateSettings(state).get(StateSetting::tenant);
  return settings;
}

// What an earlier run left open may be there or not. And where a full import is due our books are
// not to be relied upon: something was never read, they are an old copy, or CAR is not the one they
// speak of. Both are a sync's to decide, by a reading of Defender.
void refuse_before_sync(Run& run) {
  std::string why;
  if (const std::string due = full_import_due(run); !due.empty())
    why = "a full import is due (" + due + ")";
  else if (const auto open = run.state.number("verify/unfinished"); open > 0)
    why = "an earlier run left " + std::to_string(open) + " operations open";
  if (why.empty()) return;
  throw Error(ErrorKind::car_recoverable,
              why + ", so nothing was repaired: run `defender-car sync` first, then verify again");
}

// acknowledged_* by CAR's word, and the outbox, in one transaction; what a guard withholds stays
// out of both.
void plan_repair(Run& run) {
  Transaction transaction(run.state);
  run.state.run_script("schema/verify/30_removals.sql");
  run.state.statement("verify/begin_repair")
      .bind("run_id", run.report.run_id)
      .bind("at", run.report.started_at)
      .run();
  for (const std::string& kind : tripped_guards(run, {}))
    run.state.statement("guard/withhold").bind("kind", kind).run();
  note_permissions(run);
  run.state.run_script("schema/verify/40_repair.sql");
  transaction.commit();
}

void begin_repair(Run& run) {
  begin_run(run);
  set_mode(run, RunMode::repair, "verify --repair");
  // Defender is not asked. Where this machine's clock and CAR's differ, time stands still.
  const auto agreed = time_for_ages(run);
  const EpochMs now = agreed ? *agreed : last_believed_time(run.state).value_or(run.clock.begin());
  settle_clock_as(run, iso8601(now));
}

void finish_repair(Run& run) {
  Transaction transaction(run.state);
  use_up_permissions(run);
  if (!run.car.address_form().empty())
    run.stored.set(StateSetting::address_form, run.car.address_form());
  transaction.commit();
}

RunReport repair(Run& run, StateLock& lock) {
  begin_repair(run);
  lock.note_run(run.report.run_id);
  bool ended = false;
  try {
    plan_repair(run);
    deliver(run);
    finish_repair(run);
    ended = true;
  } catch (const Error& error) {
    note_failure(run, error);
  }
  end_run(run, ended, "");
  return std::move(run.report);
}

}  // namespace

VerifyReport verify_and_repair(const SyncSettings& settings, HttpClient& http, Progress& progress,
                               int sample) {
  VerifyReport report;
  const SyncSettings own = with_tenant(settings);
  with_run(own, http, progress, [&](Run& run, const WorkingDir&, StateLock& lock) {
    recover(run);
    refuse_before_sync(run);
    report = compare_with_car(run.state, run.car, progress, sample);
    if (report.differs() && report.moved) {
      throw Error(ErrorKind::car_recoverable,
                  "CAR's lists changed while they were read, so nothing was repaired: somebody "
                  "else writes to source " +
                      own.car.source + ", or CAR is at work; run it again later");
    }
    if (report.differs()) report.repair = repair(run, lock);
  });
  return report;
}

}  // namespace defender_car
