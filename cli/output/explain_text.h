#pragma once
// An explanation as plain text for a person: one thing a paragraph, foreign text made printable.

#include <string>

#include "audit/explain.h"
#include "audit/explain_at.h"
#include "cli/output/terminal.h"

namespace defender_car {

/// Which of the subjects is meant is asked back where there are several.
std::string candidates_text(const Explanation& explanation, const std::string& what);

/// A thing in some ten lines: what it is, what CAR holds of it by kind, what changed last.
std::string brief_text(const Explanation& explanation, const Style& style);

/// Everything: each vertex and edge with the machines and Defender's rows behind it.
std::string explanation_text(const Explanation& explanation, const std::string& what);

/// What CAR held at a past time.
std::string past_text(const ExplanationAt& explanation, const Style& style);

}  // namespace defender_car
