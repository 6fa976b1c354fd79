#pragma once
// engine/fetch reads Defender into the stage, dataset by dataset.
//
// Each dataset is marked complete only after its last page passed its checks; one that fails is
// incomplete and does not stop the others, but for the machine list, without which the run ends
// (the error passes on). Where the run's time is over while Defender is asked, it throws
// Error(unreachable).

#include "run/run.h"

namespace defender_car {

void fetch(Run& run);

}  // namespace defender_car
