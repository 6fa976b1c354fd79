#pragma once
// Vertices and edges of the outbox → CAR's import jobs. At most --car-concurrency envelopes are
// under way at any time, so memory does not follow the fleet; each is written down as handed over
// before its first byte is sent, and counts as done only when its job is in complete_imports.
//
// A job that fails for its content, and an envelope refused for its size, is halved until the bad
// record stands alone and is set aside; a failure of CAR's own or a lost job is sent again, and
// ends the run after some tries (Error car_recoverable).

#include "run/run.h"

namespace defender_car {

/// All vertices or all edges; returns when every one is acknowledged or set aside.
void send_imports(Run& run, Operation operation);

}  // namespace defender_car
