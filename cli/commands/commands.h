#pragma once
// This folder has one file a command: from Options to what is printed and the exit code.
//
// What every command works with; the commands themselves are listed in options/command_table.h.

#include "cli/options/options.h"
#include "cli/output/logging.h"
#include "cli/output/terminal.h"

namespace defender_car {

/// What a command works with.
struct Session {
  const Options& options;
  Log& log;
  bool terminal = false;   ///< standard error is one
  bool can_erase = false;  ///< … that takes escape sequences
  Style style;             ///< of standard output
};

}  // namespace defender_car
