#pragma once
// `status --check`: one line in the language of monitoring plugins (Nagios, Icinga, checkmk).

#include "cli/options/options.h"

namespace defender_car {

/// Prints the line and returns 0 OK, 1 WARNING, 2 CRITICAL; 3 UNKNOWN where the state cannot be
/// read. The worst of age of the last success, outcome of the last run and removals that wait.
int print_monitoring_line(const Options& options);

/// The line of a failure before that: a wrong option.
int print_unknown(const std::string& why);

}  // namespace defender_car
