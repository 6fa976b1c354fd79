// One engine, one simulator, one oracle, one working folder: what an end-to-end test holds.
//
// Guarantees: while a run goes on, every loss of activity in CAR is held against what the oracle
// wants for the tenant as it stands, whether the run succeeds or not: violations() lists what was
// taken from CAR although Defender still derives it. The oracle takes a run's reading over only
// when the caller says that the run was undisturbed.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/progress.h"
#include "compare.h"
#include "http/http_client.h"
#include "oracle.h"
#include "scenario.h"
#include "simulator.h"
#include "sync/sync.h"

namespace e2e {

/// A folder of its own, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

enum class Reading { full, incremental };

class Harness {
 public:
  explicit Harness(const Scenario& scenario);

  simulator::Simulator& simulator() { return simulator_; }
  defender_car::SyncSettings& settings() { return settings_; }
  /// Of all runs from here on; short waits unless changed.
  defender_car::HttpOptions& http_options() { return http_options_; }
  const defender_car::SyncSettings& settings() const { return settings_; }
  const oracle::Oracle& oracle() const { return oracle_; }

  /// From here on CAR, or a setting, wants another graph of the same tenant.
  void set_oracle_options(oracle::Options options) { oracle_.set_options(std::move(options)); }

  /// How the oracle shall see the tenant, where the wire shows it otherwise (planted records).
  void set_meaning(std::function<void(simulator::Tenant&)> meaning) {
    meaning_ = std::move(meaning);
  }

  /// A run that is meant to read everything that it asks for; the oracle goes along.
  defender_car::RunReport sync(Reading reading);
  /// The same where the engine has to choose: the oracle follows the mode in the report.
  defender_car::RunReport sync_either_way();
  /// A run with something in its way; the oracle stays where it was.
  defender_car::RunReport disturbed_sync();
  /// The same for a run by other means, such as a program of its own.
  void disturbed(const std::function<void()>& run);

  /// From here on a second oracle sees what each disturbed run could have read. Such a run may have
  /// read all or nothing of what Defender no longer tells afterwards, so that where the two oracles
  /// differ either is right: only what both want, or neither, counts for violations() and
  /// differences().
  void remember_disturbed_runs() { witness_ = oracle_; }

  /// A new working folder and a new oracle against the same CAR.
  void forget_everything();

  /// The active lines of CAR that begin so, like "asset|" or "asset_vulnerability|".
  std::set<std::string> held(const std::string& beginning) const;
  /// CAR against the oracle.
  std::vector<std::string> differences() const;
  const std::vector<std::string>& violations() const { return violations_; }
  /// What CAR lost in the last run, as the simulator's removal watch told it: kind, line.
  const std::vector<std::pair<std::string, std::string>>& removals() const { return removals_; }
  /// What the run changed in CAR, beyond asking and saving the save point; empty for a quiet run.
  std::vector<std::string> writes_to_car() const;

 private:
  defender_car::RunReport run(const oracle::Graph& wanted, const oracle::Graph& also_wanted);
  /// What is wanted by both readings is what no run may take away.
  void watched(const oracle::Graph& wanted, const oracle::Graph& also_wanted,
               const std::function<void()>& run);
  oracle::Oracle observed(Reading reading) const { return observed(oracle_, reading); }
  oracle::Oracle observed(oracle::Oracle by, Reading reading) const;

  Scenario scenario_;
  simulator::Simulator simulator_;
  std::unique_ptr<TemporaryFolder> folder_;
  oracle::Oracle oracle_;
  std::optional<oracle::Oracle> witness_;
  std::function<void(simulator::Tenant&)> meaning_;
  defender_car::SilentProgress progress_;
  defender_car::SyncSettings settings_;
  defender_car::HttpOptions http_options_;
  std::vector<std::string> violations_;
  std::vector<std::pair<std::string, std::string>> removals_;
};

/// What a run against the simulator at that address is told, but for its working folder.
defender_car::SyncSettings settings_for(const std::string& simulator_url, const Scenario& scenario);
/// Quick retries: nobody waits for a service of ours.
defender_car::HttpOptions http_options();
/// Logs of thousands of runs would bury the one failing check.
void quiet_unless_asked();

/// One line about a report, for a failing check.
std::string describe(const defender_car::RunReport& report);
std::string joined(const std::vector<std::string>& lines);

}  // namespace e2e
