#pragma once
// The help pages, out of the option table.

#include <optional>
#include <string>

#include "cli/options.h"

namespace defender_car {

/// The whole page, or one command's.
std::string help_page(std::optional<Command> command);

/// "defender-car 0.1.0"
std::string version_line();

}  // namespace defender_car
