#pragma once
// The file of `plan --save`: the stage as it was fetched, the list that came of it, and what both
// stand on (schema/plan/00_file.sql).
//
// Guarantees: what it delivers is what derive makes of its reading on the state at hand, and the
// same list as the plan's, operation by operation, or nothing. No protection against somebody who
// may write to the file and changes reading and list alike.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "run/run.h"

namespace defender_car {

/// How fetching ended: what the phases behind it need, beside the stage.
struct Fetched {
  explicit Fetched(const Run& run);

  std::set<std::string> allowed_ids;
  std::set<std::string> permissions;
  bool deletes_allowed;
  bool held_back;
  bool session_allowed;
  std::optional<ErrorKind> failure;
  std::string error;
  std::vector<std::string> warnings;
};

/// Makes a plan's file of the fetched stage in `file`: needs temp.stands_on and temp.planned, and
/// that nothing is attached as `stage`.
void complete_plan_file(Run& run, const Fetched& fetched, const std::filesystem::path& file);

/// The settings of the run that delivers `settings.plan`: mode and permissions are the plan's.
/// Reads the whole file. Throws Error(bad_data) when it is damaged, Error(usage) when it is no
/// plan, another tenant's or program's.
SyncSettings as_planned(const SyncSettings& settings);

/// Before the run begins: a copy of the plan becomes its stage. Throws Error(guard) naming what
/// moved since.
void attach_plan(Run& run, const std::filesystem::path& stage);

/// decide_mode, and nothing is made in CAR before it is the plan's. Throws Error(guard).
void decide_as_planned(Run& run);

/// In place of fetch and decide_session.
void take_up_plan(Run& run);

/// Within derive's transaction, after diff. Throws Error(guard) when the outbox is not the list.
void refuse_unless_as_planned(Run& run);

/// After derive and its guards: the stage is a snapshot like any other.
void leave_plan(Run& run);

}  // namespace defender_car
