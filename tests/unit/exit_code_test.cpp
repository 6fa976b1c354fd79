// The table of exit codes is a promise to crontabs: docs/commands.md.

#include "cli/output/exit_code.h"

#include <catch2/catch.hpp>

namespace defender_car {
namespace {

TEST_CASE("each kind of failure has its exit code", "[cli]") {
  CHECK(exit_code(ErrorKind::internal) == 1);
  CHECK(exit_code(ErrorKind::usage) == 2);
  CHECK(exit_code(ErrorKind::car_recoverable) == 10);
  CHECK(exit_code(ErrorKind::interrupted) == 10);
  CHECK(exit_code(ErrorKind::locked) == 11);
  CHECK(exit_code(ErrorKind::guard) == 12);
  CHECK(exit_code(ErrorKind::car_unrecoverable) == 20);
  CHECK(exit_code(ErrorKind::defender) == 50);
  CHECK(exit_code(ErrorKind::budget) == 50);
  CHECK(exit_code(ErrorKind::unreachable) == 51);
  CHECK(exit_code(ErrorKind::authentication) == 52);
  CHECK(exit_code(ErrorKind::forbidden) == 53);
  CHECK(exit_code(ErrorKind::invalid_parameter) == 54);
  CHECK(exit_code(ErrorKind::bad_data) == 55);
}

TEST_CASE("no failure is exit code 0", "[cli]") {
  CHECK(exit_code(std::optional<ErrorKind>()) == 0);
  CHECK(exit_code(std::optional(ErrorKind::guard)) == 12);
}

}  // namespace
}  // namespace defender_car
