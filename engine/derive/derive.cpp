#include "derive/derive.h"

#include <spdlog/spdlog.h>

#include <set>

#include "derive/digest.h"
#include "run/guard.h"

namespace defender_car {
namespace {

// A replay holds back what was held back then; what a guard would say now is no part of it.
std::set<std::string> recorded_withheld(Run& run) {
  const auto kinds = run.state.statement("digest/recorded_withheld").texts();
  return {kinds.begin(), kinds.end()};
}

bool is_replay(Run& run) { return !run.state.text("digest/recorded").empty(); }

void count_left_out(Run& run) {
  run.report.left_out.clear();
  Statement& counts = run.state.statement("derive/left_out");
  while (counts.step())
    if (counts.integer(1) > 0) run.report.left_out.push_back({counts.text(0), counts.integer(1)});
}

// True when it is done; false when guards tripped: everything was rolled back.
bool attempt(Run& run, std::set<std::string>& withheld, const OutboxCheck& check_outbox) {
  Transaction transaction(run.state);
  run.state.run_script("schema/phase/00_begin.sql");
  for (const std::string& kind : withheld)
    run.state.statement("guard/withhold").bind("kind", kind).run();
  for (const char* script : {"05_return", "06_parameters", "07_logged_on", "08_nothing",
                             "10_accept", "20_merge", "25_changes", "30_assets", "40_derive"}) {
    run.progress.report(std::string("deriving: ") + script, 0, 0);
    run.state.run_script("schema/phase/" + std::string(script) + ".sql");
  }
  if (!is_replay(run)) {
    const auto tripped = tripped_guards(run, withheld);
    if (!tripped.empty()) {
      withheld.insert(tripped.begin(), tripped.end());
      return false;
    }
  }
  note_permissions(run);
  count_left_out(run);
  run.state.run_script("schema/phase/50_diff.sql");
  if (check_outbox) check_outbox(run);
  run.state.statement("guard/hold_datasets").run();
  run.state.statement("fetch/move_cursors").run();
  run.state.statement("derive/forget_held_cursors").run();
  run.state.statement("derive/forget_old_alerts").run();
  if (!run.alerts_api.empty())
    run.state.statement("derive/set_alerts_api").bind("way", run.alerts_api).run();
  write_digest(run);
  // What fell away stands in no outbox: the end of the session takes it. Until that is answered
  // for, the next import must be full. (A session left open is no harm then.)
  if (run.full())
    run.stored.set(StateSetting::full_due, "a full import was begun and its session not ended");
  transaction.commit();
  return true;
}

}  // namespace

void derive(Run& run, const OutboxCheck& check_outbox) {
  run.state.statement("fetch/make_durable").run();
  run.state.statement("fetch/wait_for_disk").run();
  std::set<std::string> withheld = recorded_withheld(run);
  while (!attempt(run, withheld, check_outbox)) {
    spdlog::info("a guard holds removals back: deriving again without them");
  }
}

}  // namespace defender_car
