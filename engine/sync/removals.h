#pragma once
// PATCHes (disable, touch) and DELETEs of the outbox → CAR, each written down as handed over before
// it is sent and folded into "acknowledged" as its answer comes.

#include "sync/run.h"

namespace defender_car {

void send_patches(Run& run, const std::string& operation);
void send_deletes(Run& run);

}  // namespace defender_car
