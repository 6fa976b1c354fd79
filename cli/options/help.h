#pragma once
// The help pages, made of the command table and the option table.

#include <cstddef>
#include <string>

#include "cli/options/command_table.h"

namespace defender_car {

/// What there is. Prose is wrapped to `columns`; 0: no terminal.
std::string help_page(std::size_t columns);

/// What one command does, the options that go with it, examples and exit codes.
std::string help_page(const CommandSpec& command, std::size_t columns);

}  // namespace defender_car
