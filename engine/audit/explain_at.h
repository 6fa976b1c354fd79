#pragma once
// What CAR held of a thing at a past time, and from when to when, for `explain --at`.
//
// A time means the state as of the last run finished by then. Answered from the ledger where it
// reaches that far back (view audit_reach), else from the snapshots, whose chain is replayed in a
// temporary folder. What Defender said at that time is in the snapshots only, and is not told here.

#include <optional>
#include <string>
#include <vector>

#include "audit/explain.h"
#include "base/progress.h"
#include "run/working_dir.h"

namespace defender_car {

/// A time that CAR held an object. Times are UTC, ISO 8601, this host's clock.
struct Interval {
  std::string edge;  ///< CAR's collection; "" of a vertex
  std::string from_kind;
  std::string from_key;  ///< of a vertex its kind and key
  std::string to_kind;
  std::string to_key;
  bool in_car = false;  ///< at the time that was asked for; else the nearest interval, if any
  std::string since;    ///< or "unknown": an older program did not note it
  std::string until;    ///< "": CAR still holds it
  std::string first_run;
  std::string last_run;   ///< that removed it; of what CAR holds, that reported it last
  std::string operation;  ///< of the removal, as its reason and evidence; "" without one
  std::string reason;
  std::string evidence;
};

struct ExplanationAt {
  std::string at;  ///< as it was asked for, in full
  std::int64_t run_id = 0;
  std::string run_finished_at;
  bool from_snapshots = false;
  /// What it is about; several: WHAT is ambiguous, and nothing else is filled. None: edges.
  std::vector<Subject> subjects;
  std::vector<Interval> vertices;
  std::vector<Interval> edges;  ///< that CAR held; where WHAT is an edge, that one anyway
  bool more_edges = false;      ///< than kEdgesShown
};

/// A run, by the time that somebody asks for.
struct RunAt {
  std::string at;
  std::int64_t run_id = 0;
  std::string finished_at;
};

/// A time as a person writes it (2026-11-24, 2026-11-24T13:05Z, with or without seconds; UTC) in
/// full. Throws Error(usage) for what is none.
std::string full_time(const std::string& time);

/// The last run that the state knows to be finished by `time`, as for full_time(). Throws
/// Error(usage) for one before its runs.
RunAt run_at(Database& state, const std::string& time);
RunAt run_at(const WorkingDir& folder, const std::string& time);

/// WHAT as for explain(). Throws Error(usage) where neither ledger nor snapshots reach that far.
ExplanationAt explain_at(const WorkingDir& folder, const std::string& what, const std::string& time,
                         Progress& progress);

/// The same from the ledger of one state, whether it reaches that far or not.
ExplanationAt explain_at(Database& state, const std::string& what, const RunAt& run);

}  // namespace defender_car
