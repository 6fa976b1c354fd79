#pragma once
// PATCHes (disable, touch) and DELETEs of the outbox → CAR, each written down as handed over before
// it is sent and applied to "acknowledged" as its answer comes. What CAR refuses for good is set
// aside and named in a warning, and keeps nothing behind it waiting.

#include "run/run.h"

namespace defender_car {

/// Throws Error(car_unrecoverable) where CAR refuses most of them.
void send_changes(Run& run);

}  // namespace defender_car
