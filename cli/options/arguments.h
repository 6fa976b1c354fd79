#pragma once
// Arguments as they were typed -> one spelling, `--name=value`, before the parser sees them.
//
// The single-dash spellings of IBM's Python connector become the long ones here, so that an
// existing crontab needs no change. Since every option's value is tied to it by this step, a value
// may begin with a dash
// (`-clientSecret -dxyz`).

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace defender_car {

struct Arguments {
  std::optional<std::string> command;   ///< the word that is no option
  std::vector<std::string> words;       ///< behind a command that takes some
  std::vector<std::string> options;     ///< each "--name=value"
  std::vector<std::string> ignored;     ///< the Python connector's that mean nothing here, as typed
  std::optional<bool> connection_test;  ///< -connection-test, its way to say `check`
};

/// Throws Error(usage). A stray word is never shown: it may be part of a secret that was not
/// quoted.
Arguments rewrite_arguments(std::span<const std::string> typed);

/// A command line as a person can type it again, for messages that say "run this once more, with
/// …": "defender-car sync --config=/etc/car.ini": long spellings, quoted for a shell, without
/// --allow-once. A secret is shown as '…'. What the environment gave is not named.
std::string command_to_repeat(const Arguments& arguments);

}  // namespace defender_car
