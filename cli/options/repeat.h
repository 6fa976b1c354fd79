#pragma once
// A command line as a person can type it again: for messages that say "run this once more, with …".

#include <string>

#include "cli/options/ancestor.h"

namespace defender_car {

/// "defender-car sync --config=/etc/car.ini": long spellings, quoted for a shell, without
/// --allow-once. A secret stands there as '…'. What the environment gave is not named.
std::string command_to_repeat(const Arguments& arguments);

}  // namespace defender_car
