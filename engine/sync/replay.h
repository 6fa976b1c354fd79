#pragma once
// Runs from snapshot files in place of Defender: the same derive and diff, with each run's own
// clock and parameters. Proves by each run's digest that it came to the same
// graph.
//
// By default CAR is a sink inside the program that takes everything; with CarSettings it is a real
// one. What guards held back then is held back again; no guard is asked anew. Asks nothing of
// Defender.

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "http/http_client.h"
#include "run/settings.h"
#include "sync/sync.h"

namespace defender_car {

struct ReplayedRun {
  std::int64_t run_id = 0;
  RunMode mode = RunMode::full;
  std::string now;           ///< its clock, UTC, ISO 8601
  std::string digest;        ///< as recorded
  std::string here;          ///< as it came out
  bool other_rules = false;  ///< another derivation made it: a difference may be a changed rule
  std::vector<std::string> differences;  ///< the first ones, in words and rows; none when equal
  std::vector<SentCount> sent;           ///< to CAR, or to the sink
  bool equal() const { return digest == here; }
};

struct ReplayReport {
  std::vector<ReplayedRun> runs;
  std::int64_t skipped = 0;  ///< files of runs that the state has already
  std::string from;  ///< "" for an empty folder; the checkpoint; or "run N" of the state there
  std::vector<std::string> warnings;
  bool equal = true;
};

struct ReplayRequest {
  std::vector<std::filesystem::path> files;  ///< snapshots, perhaps a checkpoint; in any order
  std::int64_t until = 0;                    ///< the last run; 0: all
  bool to_car = false;                       ///< deliver to settings.car
  std::string at = {};  ///< in place of `until`: the last run whose clock had reached that time
};

/// Into settings.working_dir: an empty folder, or one with a copy of a state file to go on from.
/// All files are checked, and the chain for gaps, before anything is changed. Throws
/// Error(bad_data) for a damaged file, Error(usage) for foreign ones and gaps, Error(locked), CAR's
/// errors.
ReplayReport replay(const SyncSettings& settings, const ReplayRequest& request, HttpClient& http,
                    Progress& progress);

/// The same into an empty folder, to the sink.
ReplayReport replay_to_sink(const std::filesystem::path& folder, const ReplayRequest& request,
                            Progress& progress);

}  // namespace defender_car
