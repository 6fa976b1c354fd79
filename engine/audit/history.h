#pragma once
// What the state file tells of past runs, for `status` and `runs`. Reads only: opens the state file
// without the lock, so it works beside a run. Throws Error(internal) when the file cannot be read
// as ours, Error(usage) when there is none.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/working_dir.h"
#include "store/database.h"
#include "sync/sync.h"

namespace defender_car {

/// One row of the history.
struct RunRow {
  std::int64_t run_id = 0;
  std::string mode;    ///< full, incremental
  std::string reason;  ///< why that mode
  std::string
      outcome;  ///< done, partial, held, failed, interrupted; "running" or "" while it goes on
  std::string started_at;   ///< UTC, ISO 8601
  std::string finished_at;  ///< "" when it never ended
  std::string error;        ///< the failure's message, "" for none
  std::int64_t defender_calls = 0;
  std::int64_t car_calls = 0;
  std::int64_t set_aside = 0;
  std::vector<SentCount> sent;
};

/// How far one dataset has been read.
struct DatasetCursor {
  std::string name;    ///< machines, network, users, alerts, vulnerabilities
  std::string cursor;  ///< start of the last run in which it was complete; "" before the first
  std::string last_complete_at;  ///< end of that run
  std::string state;             ///< in the last run: complete, incomplete, excluded, unavailable
  std::string problem;           ///< why incomplete, in words for a person
};

/// Calls to Defender that share a quota.
struct CallCount {
  std::string family;            ///< machines, alerts, users, hunting, vulnerabilities
  std::int64_t last_minute = 0;  ///< of all runs on this state file, by this host's clock
  std::int64_t minute_quota = 0;
  std::int64_t last_hour = 0;
  std::int64_t hour_quota = 0;
};

/// Where the sync stands.
struct Status {
  std::string tenant;
  std::string source;
  std::string identity_model;         ///< user, account; "" while not chosen
  std::string network_source;         ///< hunting, machines; "" while not chosen
  std::string alerts_api;             ///< defender, graph; "" while none was read
  std::vector<std::string> warnings;  ///< what will fail before long, and what to do
  std::string model_state_id;         ///< the save point, as CAR should have it
  std::string last_success_at;        ///< "" before the first
  std::string state_fault;  ///< why the next run does not rely on the state file; "" for none
  std::string running;      ///< "pid 123 since 2026-…", or "" when no run holds the state
  std::optional<RunRow> last_run;
  std::int64_t assets = 0;     ///< acknowledged by CAR
  std::int64_t edges = 0;      ///< active ones
  std::int64_t outbox = 0;     ///< operations promised and not acknowledged yet
  std::int64_t set_aside = 0;  ///< records that stand aside now
  std::int64_t same_failure_count = 0;
  std::string same_failure_since;
  std::vector<DatasetCursor> datasets;
  std::vector<CallCount> calls;
};

Status read_status(const std::filesystem::path& working_dir);
/// The same of a state file that is open already.
Status read_status(Database& state, const WorkingDir& folder);

/// Newest first, at most `limit`.
std::vector<RunRow> read_runs(const std::filesystem::path& working_dir, int limit);

}  // namespace defender_car
