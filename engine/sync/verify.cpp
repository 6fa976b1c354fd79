#include "sync/verify.h"

#include "base/cancel.h"
#include "run/working_dir.h"
#include "store/lock.h"
#include "sync/comparison.h"

namespace defender_car {
namespace {

/// One comparison, and whether a run could have been in its way.
struct Look {
  VerifyReport report;
  bool disturbed = false;
};

Look look(const WorkingDir& folder, Database& state, CarClient& car, Progress& progress,
          int sample) {
  Look out;
  out.disturbed = !lock_holder(folder.lock()).empty();
  const std::string before = mark_of(state);
  out.report = compare_with_car(state, car, progress, sample);
  out.disturbed |= out.report.moved || mark_of(state) != before;
  return out;
}

}  // namespace

VerifyReport verify(const SyncSettings& settings, HttpClient& http, Progress& progress,
                    int sample) {
  const Deadline deadline(settings.deadline);
  const WorkingDir folder{settings.working_dir};
  Database state(folder.state(), OpenMode::read_only);
  check_source(state, settings.car.source);
  CarClient car(http, settings.car);
  Look seen = look(folder, state, car, progress, sample);
  if (seen.disturbed && seen.report.differs()) seen = look(folder, state, car, progress, sample);
  if (seen.disturbed && seen.report.differs()) {
    seen.report.warnings.emplace_back(
        "a run went on meanwhile, or CAR's lists changed while they were read: some of this may be "
        "on its way; run it again when no run is at work");
  }
  return std::move(seen.report);
}

}  // namespace defender_car
