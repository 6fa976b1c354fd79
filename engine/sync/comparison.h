#pragma once
// Reads CAR back into temporary tables and compares (schema/verify/): `verify`
// does it on a state that is open to be read, `repair` under the lock.

#include "base/progress.h"
#include "car/car_client.h"
#include "store/database.h"
#include "sync/verify.h"

namespace defender_car {

/// What differs stands in temp.difference afterwards. Throws Error(car_recoverable) where CAR
/// cannot be read back.
VerifyReport compare_with_car(Database& state, CarClient& car, Progress& progress, int sample);

/// "run 12 …": moves whenever a run moves what is acknowledged.
std::string mark_of(Database& state);

}  // namespace defender_car
