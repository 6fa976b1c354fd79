#pragma once
// What the targets of the command line and the INI file promise.

#include <string>
#include <vector>

namespace fuzz {

/// Reading these arguments gives options or Error(usage), whose message is printable.
void check_options(const std::vector<std::string>& arguments);

}  // namespace fuzz
