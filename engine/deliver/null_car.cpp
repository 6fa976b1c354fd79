#include "deliver/null_car.h"

#include "deliver/acknowledge.h"

namespace defender_car {
namespace {

constexpr std::int64_t kStretch = 2'000;
constexpr const char* kAnswer = "replay";

void take_imports(Run& run, Operation operation) {
  while (const auto range = next_range(run.state, operation, 0, kStretch))
    acknowledge_import(run.state, *range, run.now, kAnswer);
}

void take_patches(Run& run, Operation operation) {
  while (const auto range = next_range(run.state, operation, 0, 1))
    acknowledge_patch(run.state, operation, range->first, false, run.now, kAnswer);
}

}  // namespace

void deliver_to_sink(Run& run) {
  Transaction transaction(run.state);
  take_imports(run, Operation::vertex);
  take_imports(run, Operation::edge);
  take_patches(run, Operation::touch);
  take_patches(run, Operation::disable);
  while (const auto range = next_range(run.state, Operation::delete_asset, 0, kStretch))
    acknowledge_deletes(run.state, *range, run.now, kAnswer);
  if (run.full() && run.session_allowed)
    acknowledge_session_end(run.state, run.report.run_id, run.now);
  run.stored.set(StateSetting::full_due,
                 "the state was rebuilt by a replay: what CAR holds was not asked");
  transaction.commit();
}

}  // namespace defender_car
