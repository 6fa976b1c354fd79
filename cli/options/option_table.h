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
  /// Words of the only commands that it goes with, a blank between them; empty: all. In a file it
  /// may stand all the same.
  std::string_view commands = {};
};

std::span<const OptionSpec> option_table();

/// Nothing for a name that is none.
const OptionSpec* find_option(std::string_view name);

/// Whether an option means something to that command.
bool goes_with(const OptionSpec& option, std::string_view command);

/// sync, plan … and help.
bool is_command(std::string_view word);

/// Those that take words of their own behind them: replay SNAPSHOT…, explain WHAT, diff A B.
bool takes_words(std::string_view command);

}  // namespace defender_car
