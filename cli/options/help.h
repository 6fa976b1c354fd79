#pragma once
// The help pages, made of the tables of commands and options.

#include <string>

#include "cli/options/command_table.h"

namespace defender_car {

/// The whole page, or one command's where one is given.
std::string help_page(const CommandSpec* command);

}  // namespace defender_car
