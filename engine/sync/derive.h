#pragma once
// stage → mirror → desired graph → outbox: the scripts of schema/phase in their order, one
// transaction on the state file, under the guards. A guard that trips rolls back and derives again
// with that kind of removal withheld.

#include "sync/run.h"

namespace defender_car {

void derive(Run& run);

}  // namespace defender_car
