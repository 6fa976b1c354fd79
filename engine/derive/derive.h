#pragma once
// engine/derive makes the desired graph and the outbox from the stage, and the digest that proves
// it.
//
// stage → mirror → desired graph → outbox: the scripts of schema/phase in their order, one
// transaction on the state file, under the guards. A guard that trips rolls back and derives again
// with that kind of removal withheld.

#include <functional>

#include "run/run.h"

namespace defender_car {

/// Sees the outbox before anything is committed; what it throws rolls everything back.
using OutboxCheck = std::function<void(Run&)>;

void derive(Run& run, const OutboxCheck& check_outbox = {});

}  // namespace defender_car
