#pragma once
// Every option that exists, once: parser, INI file, environment, messages and help pages all read
// this table.

#include <span>
#include <string_view>

namespace defender_car {

struct OptionSpec {
  std::string_view name;         ///< long name, also the key in an INI file
  std::string_view argument;     ///< what the help page calls its value; empty: a flag
  std::string_view environment;  ///< variable that sets it, or empty
  std::string_view group;        ///< heading on the help page
  std::string_view text;         ///< one sentence, with the default
  bool in_file = true;           ///< may stand in an INI file
  bool list = false;             ///< takes several values and may come again
};

std::span<const OptionSpec> option_table();

/// Nothing for a name that is none.
const OptionSpec* find_option(std::string_view name);

/// sync, check, status, runs, and help.
bool is_command(std::string_view word);

}  // namespace defender_car
