// What every sweep shares: which of its points a run tries, and the row it leaves in the table of
// scripts/sweep.
//
// A sweep tries *all* points at which a promise could break (docs/promises.md). By hand and in
// scripts/sweep it does so at full length; under ctest it takes a spread sample, always the
// same one.
//
//   DEFENDER_CAR_SWEEP=full          every point instead of a sample
//   DEFENDER_CAR_SWEEP_POINT=17      that point alone
//   DEFENDER_CAR_SWEEP_TABLE=FILE    the rows are appended there, one a sweep
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sweep {

bool full_length();

/// Of the points 0 … count-1 those to try: all at full length, else `sample` of them, evenly
/// spread (first and last always among them), or the one that the environment names.
std::vector<std::size_t> points(std::size_t count, std::size_t sample);

/// `full` at full length, else `sample`: for sweeps over seeds.
std::uint64_t seeds(std::uint64_t full, std::uint64_t sample);

/// Counts one sweep; the destructor appends its row to the table.
class Tally {
 public:
  explicit Tally(std::string name);
  ~Tally();
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  /// One point is tried from here to the next call, which ends the clock of the one before.
  void begin_point();
  /// The fault did strike (a point whose fault found nothing to strike proves nothing).
  void survived() { ++survived_; }
  void wrong_removals(std::size_t count) { wrong_removals_ += count; }
  void not_converged() { ++not_converged_; }

  std::size_t tried() const { return tried_; }
  std::size_t faults_survived() const { return survived_; }
  std::size_t removals() const { return wrong_removals_; }
  std::size_t lost() const { return not_converged_; }

 private:
  void end_point();

  std::string name_;
  std::size_t tried_ = 0;
  std::size_t survived_ = 0;
  std::size_t wrong_removals_ = 0;
  std::size_t not_converged_ = 0;
  bool open_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::milliseconds longest_{0};
};

}  // namespace sweep
