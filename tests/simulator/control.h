// The control plane under /_sim/, for the program and for shell scripts: let time pass, order
// faults, look at what CAR holds. (POST /_sim/stop is answered by the Simulator itself.)
#pragma once

#include <vector>

#include "message.h"
#include "simulator.h"

namespace simulator {

struct ControlledState {
  Tenant& tenant;
  CarService& car;
  Faults& faults;
  std::vector<RequestRecord>& requests;
};

/// Called under the simulator's lock.
Reply answer_control(const Call& call, ControlledState state);

}  // namespace simulator
