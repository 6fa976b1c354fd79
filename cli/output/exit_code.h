#pragma once
// The one table from the reason of a failure to the program's exit code (docs/commands.md).

#include <optional>
#include <string_view>

#include "base/error.h"

namespace defender_car {

constexpr int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::car_recoverable:
    case ErrorKind::interrupted:
      return 10;
    case ErrorKind::locked:
      return 11;
    case ErrorKind::guard:
      return 12;
    case ErrorKind::car_unrecoverable:
      return 20;
    case ErrorKind::defender:
    case ErrorKind::budget:
      return 50;
    case ErrorKind::unreachable:
      return 51;
    case ErrorKind::authentication:
      return 52;
    case ErrorKind::forbidden:
      return 53;
    case ErrorKind::invalid_parameter:
      return 54;
    case ErrorKind::bad_data:
      return 55;
  }
  return 1;
}

constexpr int exit_code(std::optional<ErrorKind> failure) {
  return failure ? exit_code(*failure) : 0;
}

}  // namespace defender_car
