#pragma once
// Arguments as they were typed -> one spelling, `--name=value`, before the parser sees them.
//
// The ancestor's single-dash spellings become the long ones here, so that an existing crontab needs
// no change. Since every option's value is tied to it by this step, a value may begin with a dash
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
  std::vector<std::string> ignored;     ///< the ancestor's options that mean nothing here, as typed
  std::optional<bool> connection_test;  ///< -connection-test: the ancestor's way to say `check`
};

/// Throws Error(usage). A stray word is never shown: it may be part of a secret that was not
/// quoted.
Arguments rewrite_arguments(std::span<const std::string> typed);

}  // namespace defender_car
