#include "deliver/deliver.h"

#include <spdlog/spdlog.h>

#include "deliver/acknowledge.h"
#include "deliver/imports.h"
#include "deliver/patches_and_deletes.h"
#include "run/asset_count.h"
#include "run/guard.h"

namespace defender_car {
namespace {

void send_everything(Run& run) {
  send_imports(run, Operation::vertex);
  if (run.full()) {
    run.state.statement("deliver/report_as_known").bind("run_id", run.report.run_id).run();
    send_imports(run, Operation::vertex);
  }
  run.state.statement("deliver/drop_waiting_edges").run();
  send_imports(run, Operation::edge);
  send_changes(run);
  send_imports(run, Operation::edge);  // those that CAR turned out to have lost
}

void full_import_in_session(Run& run) {
  run.car.begin_full_import();
  send_everything(run);
  const std::int64_t unreported =
      run.state.statement("deliver/wanted_unreported").bind("run_id", run.report.run_id).number();
  if (unreported > 0) {
    run.warn(
        "CAR refuses " + std::to_string(unreported) +
        " records that it holds from before; they stay as last known, so this full import did "
        "not end its session; the next run removes one by one what would have fallen away; see "
        "table rejected");
    Transaction transaction(run.state);
    run.stored.unset(StateSetting::full_due);
    run.stored.unset(StateSetting::full_wanted);
    run.stored.set(StateSetting::leftovers_due, "a full import could not end its session");
    return transaction.commit();
  }
  run.progress.report("ending the full import session", 0, 0);
  run.car.end_full_import();
  Transaction transaction(run.state);
  acknowledge_session_end(run.state, run.report.run_id, run.clock.text());
  for (const auto due :
       {StateSetting::full_due, StateSetting::full_wanted, StateSetting::leftovers_due})
    run.stored.unset(due);
  transaction.commit();
}

void full_import_without_session(Run& run) {
  run.warn(
      "this full import went without CAR's session, so nothing falls away: something was neither "
      "read nor known, or is "
      "held back; the first run that finds everything complete is full");
  send_everything(run);
  Transaction transaction(run.state);
  run.stored.unset(StateSetting::full_due);
  run.stored.set(StateSetting::full_wanted, "a full import went without a session");
  transaction.commit();
}

}  // namespace

void recover(Run& run) {
  struct Open {
    ItemRange range;
    std::string job;
  };
  std::vector<Open> open;
  std::vector<std::string> jobs;
  Statement& query = run.state.statement("deliver/open_batches");
  while (query.step()) {
    ItemRange range{query.integer(2), query.integer(3), query.integer(0),
                    kOperations.read(query.text(1)), 0};
    open.push_back({std::move(range), query.text(4)});
    if (!open.back().job.empty()) jobs.push_back(open.back().job);
  }
  if (jobs.empty()) return;
  spdlog::info("asking after {} import jobs that an earlier run left open", jobs.size());
  const auto statuses = run.car.wait_for_imports(jobs, CarClient::WaitFor::all);
  Transaction transaction(run.state);
  for (const Open& batch : open) {
    // Failed, lost and unfinished ones stay unanswered: diff counts them as neither held nor gone.
    if (batch.job.empty() || statuses.at(batch.job).outcome != ImportOutcome::done) continue;
    acknowledge_import(run.state, batch.range, run.clock.text(), batch.job);
  }
  transaction.commit();
}

void deliver(Run& run) {
  if (!run.full()) return send_everything(run);
  if (run.session_allowed) return full_import_in_session(run);
  full_import_without_session(run);
}

void finish_run(Run& run) {
  if (run.full()) learn_asset_count(run);
  const std::string id = std::to_string(run.report_ms);
  Transaction transaction(run.state);
  run.stored.set(StateSetting::previous_model_state_id,
                 run.save_point.empty() ? id : run.save_point);
  run.stored.set(StateSetting::model_state_id, id);
  use_up_permissions(run);
  if (!run.full() && !run.held_back) run.stored.unset(StateSetting::leftovers_due);
  if (!run.car.address_form().empty())
    run.stored.set(StateSetting::address_form, run.car.address_form());
  transaction.commit();
  run.car.set_save_point(id);
  // From here on CAR has no reason to know an older one.
  run.stored.unset(StateSetting::previous_model_state_id);
}

}  // namespace defender_car
