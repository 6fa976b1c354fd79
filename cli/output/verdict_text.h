#pragma once
// How the sync stands, in words.

#include <string>

#include "audit/verdict.h"
#include "cli/output/terminal.h"

namespace defender_car {

/// in step, partly in step, held back, failing, late, not started
std::string verdict_word(SyncState state);

/// "in step: last success 3 min ago"
std::string verdict_line(const Verdict& verdict, const Style& style);

/// "3 min" between two times of ISO 8601; "" where one of them is none.
std::string age_of(const std::string& since, const std::string& now);

}  // namespace defender_car
