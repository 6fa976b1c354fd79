#pragma once
// The one exception type that ends a phase or a run.
//
// What is expected of a single record (a rejected vertex, a malformed row) is a row in a table,
// never an exception. Messages say what was tried, on what, what came back and what to do next, and
// hold no secret.

#include <stdexcept>
#include <string>
#include <string_view>

namespace defender_car {

/// Why a run ended. cli/exit_code.h maps each kind to its exit code.
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
  bad_data,           ///< an answer that cannot be read as what was asked for
};

/// The kind's name in the state file and in JSON documents.
constexpr std::string_view kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      return "internal";
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::car_recoverable:
      return "car_recoverable";
    case ErrorKind::car_unrecoverable:
      return "car_unrecoverable";
    case ErrorKind::interrupted:
      return "interrupted";
    case ErrorKind::locked:
      return "locked";
    case ErrorKind::guard:
      return "guard";
    case ErrorKind::defender:
      return "defender";
    case ErrorKind::unreachable:
      return "unreachable";
    case ErrorKind::authentication:
      return "authentication";
    case ErrorKind::forbidden:
      return "forbidden";
    case ErrorKind::invalid_parameter:
      return "invalid_parameter";
    case ErrorKind::budget:
      return "budget";
    case ErrorKind::bad_data:
      return "bad_data";
  }
  return "internal";
}

/// The kind of that name; internal where there is none.
constexpr ErrorKind kind_named(std::string_view name) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::bad_data); ++kind) {
    if (kind_name(static_cast<ErrorKind>(kind)) == name) return static_cast<ErrorKind>(kind);
  }
  return ErrorKind::internal;
}

class Error : public std::runtime_error {
 public:
  /// Of `what` all that is not fit to be shown is left out (printable_lines), secrets above all.
  Error(ErrorKind kind, const std::string& what);
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace defender_car
