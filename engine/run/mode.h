#pragma once
// Full or incremental, and why.

#include <string>

#include "run/run.h"

namespace defender_car {

/// Into the report and the run's row.
void set_mode(Run& run, RunMode mode, const std::string& reason);
/// The same into the run's row in its stage.
void set_mode_of_stage(Run& run);

/// Asks CAR for its import schema and save point, and decides. Sets report.mode and
/// reason, identity_model, save_point and whole. Throws Error(guard) when another program writes
/// the same source.
void decide_mode(Run& run, DatabaseState databases);

/// Why a sync would have to make a full import now or once every dataset is complete; "" where it
/// need not. Asks CAR as decide_mode does, makes nothing there, and sets identity_model and
/// save_point.
std::string full_import_due(Run& run);

/// After fetch: the first run that finds every dataset complete is full when one is wanted; and
/// whether CAR's session may be used.
void decide_session(Run& run);

}  // namespace defender_car
