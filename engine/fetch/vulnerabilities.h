#pragma once
// TVM software vulnerabilities and the knowledge base behind them, by hunting.
// The rows come without the knowledge base, whose entries are asked for once each: a join would
// repeat every description a machine.

#include "run/run.h"

namespace defender_car {

void fetch_vulnerabilities(Run& run);

}  // namespace defender_car
