#pragma once
// What a run and a plan have in common: the way to a staged reading.

#include <ctime>
#include <filesystem>
#include <string>

#include "run/run.h"
#include "store/trust.h"

namespace defender_car {

/// CPU of this process by phase, for the bench and the curious.
class PhaseClock {
 public:
  PhaseClock(RunReport& report, std::string phase);
  ~PhaseClock();
  PhaseClock(const PhaseClock&) = delete;
  PhaseClock& operator=(const PhaseClock&) = delete;

 private:
  RunReport& report_;
  std::string phase_;
  std::clock_t begin_;
};

/// Migrates the file, binds it to tenant and source, and relies on nothing that was read before
/// where somebody else wrote to it. Throws Error(usage) when it is another's or a newer program's.
void prepare_state(Database& state, const SyncSettings& settings, Trust trust);

void limit_rate(const SyncSettings& settings, HttpClient& http);

/// The run's row; fills run_id, started_at and report_ms.
void begin_run(Run& run);

/// The stage is a file of the run's own: what a dead run left is thrown away.
void open_stage(Run& run, const std::filesystem::path& file);

/// Into the report: what was set aside, and the calls; --strict makes a failure of the first.
void count_work(Run& run);

}  // namespace defender_car
