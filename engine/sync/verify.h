#pragma once
// Does CAR hold what we think? Reads back what it holds of our source and compares it with
// `acknowledged`.
//
// Guarantees: the state is only read, also while a run works on it, and never written to; where a
// run went on meanwhile the comparison is made once more, and said to be doubtful if it did again.
// What CAR has not answered for yet is left out. Vertices other than assets that are active in CAR
// beyond those acknowledged are ordinary (nobody ever deletes them): counted, no drift.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "http/http_client.h"
#include "run/settings.h"
#include "sync/sync.h"

namespace defender_car {

struct DriftCount {
  std::string kind;        ///< missing (acknowledged, not active in CAR), unexpected, different
  std::string collection;  ///< CAR's
  std::int64_t count = 0;
};

struct DriftMachine {
  std::string id;
  std::string name;  ///< "" where none is known
};

/// One thing that differs.
struct Drift {
  std::string kind;
  std::string collection;
  std::string object;  ///< a vertex's key, or "A -> B"
  std::string detail;  ///< missing: how; different: which attributes; "" for unexpected
  std::vector<DriftMachine> machines;  ///< at most three that hold it up
  std::int64_t machine_count = 0;
};

struct VerifyReport {
  std::string source;
  std::string identity_model;        ///< user, account
  std::vector<DriftMachine> sample;  ///< the machines of --sample; empty: all were looked at
  std::int64_t vertices = 0;         ///< read back, active or not
  std::int64_t edges = 0;
  std::vector<DriftCount> drift;
  std::vector<DriftCount> left_alone;  ///< unexpected vertices other than assets
  std::vector<Drift> listed;           ///< the first ones
  std::int64_t not_listed = 0;
  std::int64_t unanswered = 0;  ///< objects that CAR has not answered for: left out
  bool moved = false;           ///< a list changed while it was read
  std::vector<std::string> warnings;
  std::optional<RunReport> repair;  ///< the run that repaired; nothing where nothing had to be done

  bool differs() const { return !drift.empty(); }
};

/// `sample`: so many machines' assets and own edges, the same ones all day; 0: everything. Throws
/// Error(usage) where the state belongs to another source, Error(car_recoverable) where CAR cannot
/// be read back.
VerifyReport verify(const SyncSettings& settings, HttpClient& http, Progress& progress, int sample);

}  // namespace defender_car
