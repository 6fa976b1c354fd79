#pragma once
// The help pages, out of the option table.

#include <optional>
#include <string>

#include "cli/options/options.h"

namespace defender_car {

/// The whole page, or one command's.
std::string help_page(std::optional<Command> command);

}  // namespace defender_car
