#pragma once
// A CAR inside the program that takes everything: what a replay delivers to when no real one is
// named.

#include "run/run.h"

namespace defender_car {

/// Applies the whole outbox to acknowledged_*, as if CAR had answered 200 for it at the run's own
/// clock; a full import in a session ends it. The ledger says so (answer "replay"),
/// and the next sync of this state is full: the real CAR was not asked.
void deliver_to_sink(Run& run);

}  // namespace defender_car
