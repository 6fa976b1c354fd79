// The program as a process against a simulator of its own, watched: every loss of activity in CAR
// is held against the graph that an undisturbed twin reaches at the same hour of the same tenant.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "child.h"
#include "harness.h"
#include "simulator.h"
#include "sweep.h"

namespace sweep {

/// The two runs that every trouble can strike.
enum class Moment {
  full,         ///< the first run of all
  incremental,  ///< 30 hours after a good one
};

class Trial {
 public:
  /// At the incremental moment the good full run has been made. `prepare` sees the folder empty.
  explicit Trial(Moment moment,
                 const std::function<void(const std::filesystem::path&)>& prepare = {});

  std::filesystem::path folder() const { return folder_.path(); }
  std::filesystem::path state() const { return folder() / "state.db"; }
  simulator::Simulator& simulator() { return simulator_; }

  /// `defender-car sync` on this folder; add what shall be in its way.
  Command sync() const;
  /// What was taken from CAR although the twin holds it.
  size_t wrong_removals() const { return violations_.size(); }
  const std::vector<std::string>& violations() const { return violations_; }
  bool as_twin() const;
  /// An undisturbed run, then CAR is as the twin's, and the run after it writes nothing. What does
  /// not fit, in words; "" when all is well.
  std::string converge();
  /// What the last run changed in CAR, beyond saving the save point.
  std::vector<std::string> writes() const;

 private:
  std::string run_well();
  void watch();

  Moment moment_;
  simulator::Simulator simulator_;
  e2e::TemporaryFolder folder_;
  std::vector<std::string> violations_;
};

/// The words are of the house's kind, the code is documented, and no signal ended it; what is wrong
/// with it in words, or "".
std::string wrong_with(const Ended& ended);

/// Judges one point of a sweep that is through: counts, and checks the end.
void judge(Trial& trial, const Ended& ended, Tally& tally);

}  // namespace sweep
