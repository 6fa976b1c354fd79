#pragma once
// An explanation as plain text for a person: one thing a paragraph, foreign text made printable.

#include <string>

#include "audit/explain.h"

namespace defender_car {

std::string explanation_text(const Explanation& explanation, const std::string& what);

}  // namespace defender_car
