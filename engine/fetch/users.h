#pragma once
// Logon users of the machines that are due (schema/statement/fetch.sql, users_due): by the API, one
// call a machine, or by hunting, a few calls for all. Completeness is per machine
// (stage.users_reading).

#include "run/run.h"

namespace defender_car {

void fetch_users(Run& run);

}  // namespace defender_car
