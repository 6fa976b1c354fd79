#pragma once
// The scope as stage.run holds it (schema/view/12_scope.sql reads it).

#include <string>

#include "run/settings.h"

namespace defender_car {

/// An object with a list for each rule that leaves machines out; "{}": every machine counts.
std::string scope_json(const Scope& scope);

}  // namespace defender_car
