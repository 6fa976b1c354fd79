#pragma once
// Alerts, by Defender's own list or by Graph's.

#include "run/run.h"

namespace defender_car {

/// --alerts-api auto: by the list that was read last (Defender's at first) while it answers; where
/// it refuses for good, by the other one. After a change of the list everything is read, and what
/// the new one lacks is withheld by a guard.
void fetch_alerts(Run& run);

}  // namespace defender_car
