#pragma once
// What Microsoft ends on 2027-02-01, and what to do before.

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace defender_car {

/// Sentences for a run of that time which used those services ("alerts hunting", see StateSetting);
/// none before the last thirty days.
std::vector<std::string> retirement_warnings(std::string_view used, EpochMs time);

}  // namespace defender_car
