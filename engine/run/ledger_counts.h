#pragma once
// What the ledger and the runs' rows add up to.

#include <cstdint>
#include <string>
#include <vector>

#include "run/report.h"
#include "store/database.h"

namespace defender_car {

/// What a run sent, by operation, collection and reason.
std::vector<SentCount> sent_by(Database& state, std::int64_t run_id);

/// How many records a run set aside, and what CAR refused in it.
std::int64_t set_aside_by(Database& state, std::int64_t run_id);

/// The last runs that ended with this failure, in a row.
struct SameFailure {
  std::int64_t count = 0;
  std::string since;
};
SameFailure same_failure(Database& state, const std::string& failure);

}  // namespace defender_car
