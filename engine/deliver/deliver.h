#pragma once
// engine/deliver sends the outbox to CAR and records what CAR answers.
//
// outbox → CAR: vertices, wait, edges, wait, PATCHes, DELETEs; a full import inside CAR's session
// unless something is missing or held back. Throws Error(car_recoverable | car_unrecoverable |
// interrupted): what was not answered for stays in the outbox and is decided anew by the next run.

#include "run/run.h"

namespace defender_car {

/// Import jobs that an earlier run left open are asked after; those that ended are acknowledged.
void recover(Run& run);

void deliver(Run& run);

/// The save point: here first, then in CAR.
void finish_run(Run& run);

}  // namespace defender_car
