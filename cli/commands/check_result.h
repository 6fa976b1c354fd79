#pragma once
// One line of `check`.

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"

namespace defender_car {

enum class CheckState { ok, warning, failed };

struct CheckResult {
  std::string name;
  CheckState state = CheckState::ok;
  std::string detail;                ///< what came back
  std::string remedy;                ///< what to do about it
  std::optional<ErrorKind> failure;  ///< of a failed one: decides the exit code
};

using OnCheck = std::function<void(CheckResult)>;

}  // namespace defender_car
