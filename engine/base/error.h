#pragma once
// The one exception type that ends a phase or a run.
//
// What is expected of a single record (a rejected vertex, a malformed row) is a row in a table,
// never an exception. Messages say what was tried, on what, what came back and what to do next, and
// hold no secret.

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/printable.h"

namespace defender_car {

/// Why a run ended. cli/output/exit_code.h maps each kind to its exit code.
enum class ErrorKind {
  internal,           ///< a bug, or a broken state file
  usage,              ///< parameters that cannot work
  car_recoverable,    ///< CAR failed; the next run goes on from here
  car_unrecoverable,  ///< CAR failed; the next run is full
  interrupted,        ///< SIGINT, SIGTERM: ended at a safe point, the next run goes on
  locked,             ///< another run holds the state file
  guard,              ///< a guard stopped the run
  defender,           ///< Defender (or login, or Graph) failed
  unreachable,        ///< no connection to Defender, login or Graph
  authentication,     ///< the login was refused, or 401 with a new token
  forbidden,          ///< 403: a permission is missing
  invalid_parameter,  ///< 400: Defender does not take what was asked
  budget,             ///< our own share of Defender's calls is used up
  bad_data,           ///< a response that cannot be read as what was asked for
};

inline constexpr std::array<std::string_view, 14> kErrorKinds{
    "internal",    "usage",          "car_recoverable", "car_unrecoverable",
    "interrupted", "locked",         "guard",           "defender",
    "unreachable", "authentication", "forbidden",       "invalid_parameter",
    "budget",      "bad_data"};

/// The kind's name in the state file and in JSON documents.
constexpr std::string_view kind_name(ErrorKind kind) {
  return kErrorKinds[static_cast<std::size_t>(kind)];
}

/// The kind of that name; internal where there is none.
constexpr ErrorKind kind_named(std::string_view name) {
  const auto found = std::find(kErrorKinds.begin(), kErrorKinds.end(), name);
  return found == kErrorKinds.end() ? ErrorKind::internal
                                    : static_cast<ErrorKind>(found - kErrorKinds.begin());
}

class Error : public std::runtime_error {
 public:
  /// Of `what` all that is not fit to be shown is left out (printable_lines), secrets above all.
  Error(ErrorKind kind, const std::string& what)
      : std::runtime_error(printable_lines(what)), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace defender_car
