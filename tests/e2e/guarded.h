// What the tests of guards share.
#pragma once

#include <regex>
#include <string>

#include "harness.h"

namespace e2e {

inline Scenario fleet(size_t machines) {
  Scenario scenario;
  scenario.seed = 3;
  scenario.machines = machines;
  return scenario;
}

/// What the run's message gives for --allow-once; "" where it names none.
inline std::string token_of(const defender_car::RunReport& report) {
  std::string text = report.error;
  for (const std::string& warning : report.warnings) text += "\n" + warning;
  std::smatch match;
  if (!std::regex_search(text, match, std::regex("--allow-once ([0-9a-f]+)"))) return "";
  return match[1].str();
}

}  // namespace e2e
