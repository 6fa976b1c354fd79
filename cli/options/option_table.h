#pragma once
// Every option that exists, once: parser, INI file, environment, messages, help pages, the man page
// and docs/configuration.md all read this table. An option without a default is off or unset.

#include <span>
#include <string>
#include <string_view>

namespace defender_car {

struct CommandSpec;

struct OptionTraits {
  /// Words of the only commands that it goes with, a blank between them; empty: all. In a file it
  /// may stand all the same.
  std::string_view commands = {};
  bool in_file = true;  ///< may stand in an INI file
  bool list = false;    ///< takes several values and may come again
  bool local = false;   ///< means something to commands that ask no service, too
};

struct OptionSpec {
  std::string_view name;      ///< long name, also the key in an INI file
  std::string_view argument;  ///< what the pages call its value; empty: a flag
  std::string_view group;     ///< heading on the pages
  std::string_view text;      ///< whole sentences; default, environment and the rest follow them
  std::string_view default_value = {};
  std::string_view environment = {};  ///< variable that sets it
  std::string_view older = {};  ///< single-dash names of the Python connector, a blank between them
  OptionTraits traits = {};
};

std::span<const OptionSpec> option_table();

/// Nothing for a name that is none.
const OptionSpec* find_option(std::string_view name);
const OptionSpec* find_older_spelling(std::string_view name);

/// Whether the option means something to that command.
bool goes_with(const OptionSpec& option, const CommandSpec& command);

/// Whether `word` is one of `words`, which a blank separates.
bool has_word(std::string_view words, std::string_view word);

/// The option's sentences, with the commands that it goes with and whether a file may have it.
std::string full_text(const OptionSpec& option);

}  // namespace defender_car
