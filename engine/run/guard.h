#pragma once
// Guards hold removals back (docs/guards-and-plans.md). What is held is named with the numbers,
// the first ids, the limit and the command that allows it once; its token is bound to that very
// set, so it opens no other door.

#include <set>
#include <string>
#include <vector>

#include "run/run.h"

namespace defender_car {

/// Whether so many assets may be let go, after those of the last 24 hours. Where not, the run is
/// marked as held.
bool deletes_allowed(Run& run, const std::vector<std::string>& ids);

/// A reading of everything that came back empty where rows are known: the dataset is marked held.
/// True when it is.
bool hold_if_empty(Run& run, const std::string& dataset);

/// Alerts that the other list had, with what they were known for, and this reading of everything
/// lacks, or has of another machine: none of them goes by a mere change of the list. The dataset is
/// marked held, and records that would move such an alert leave the stage.
void hold_alerts_that_one_list_lacks(Run& run, const std::string& list);

/// Kinds of temp.removal beyond their limit, without those in `withheld` and those allowed once:
/// 'delete' or an edge collection. Each one is reported.
std::set<std::string> tripped_guards(Run& run, const std::set<std::string>& withheld);

/// Writes down with the run which permissions let something through so far. The caller's
/// transaction.
void note_permissions(Run& run);

/// At a run's end: the permissions that let something through open nothing any more, unless
/// something is still held back; then they are named again together with the next one.
void use_up_permissions(Run& run);

/// A full import without a state of ours: CAR is asked how many assets of the source it holds,
/// since what is not reported falls away. Beyond --max-deletes the session is not used. Where CAR
/// cannot be asked, the log says so.
void guard_unknown_assets(Run& run);

}  // namespace defender_car
