#include "cli/options/help.h"

#include <algorithm>
#include <string_view>

#include "cli/options/option_table.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

constexpr std::string_view introduction =
    R"(defender-car keeps IBM's Connected Assets and Risk service (CAR) in step with a
Microsoft Defender for Endpoint tenant. cron starts it every five minutes; each run
reads what Defender says, works out in SQLite what is new, changed or gone, and sends
CAR only that.

Usage: defender-car COMMAND [OPTION…]
)";

constexpr std::string_view more = R"(
defender-car help COMMAND tells what a command does, which options go with it, and gives
examples. Begin with:

  defender-car check --config /etc/defender-car/config.ini

The command line wins over the environment, that over the configuration file: --config, else
$DEFENDER_CAR_CONFIG, ~/.config/defender-car/config.ini or /etc/defender-car/config.ini. Each
option has a variable: DEFENDER_CAR_LOG_LEVEL is --log-level. Secrets belong into files of their
own. Without a command word the command line of IBM's Python connector is understood.
)";

constexpr std::string_view exit_codes = R"(
Exit codes

   0  done                                   20  CAR failed; the next run is full
   1  internal error                         50  Defender failed
   2  wrong parameters                       51  Defender cannot be reached
   3  plan: there is something to do         52  Defender refused the login
   4  verify, replay: a difference           53  a permission in Defender is missing
  10  CAR failed; the next run goes on       54  Defender refused a parameter
  11  another run holds the state            55  data could not be processed
  12  stopped by a guard
)";

constexpr std::size_t page_width = 88;

/// `text` on lines of at most `width` characters behind `indent` blanks.
std::string indented(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  const std::string lines = wrapped(text, width - indent);
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    out.append(indent, ' ').append(lines, at, end - at).append("\n");
    at = end + 1;
  }
  return out;
}

std::string option_entry(const OptionSpec& option, std::size_t width) {
  std::string out = "  --" + std::string(option.name);
  if (!option.argument.empty()) out.append(" ").append(option.argument);
  std::string text = full_text(option);
  if (!option.default_value.empty()) {
    text.append(" Default: ").append(option.default_value).append(".");
  }
  if (!option.environment.empty()) text += " Environment: " + std::string(option.environment) + ".";
  return out.append("\n").append(indented(text, 6, width));
}

std::string option_list(const CommandSpec& command, std::size_t width) {
  std::string out;
  std::string_view group;
  for (const OptionSpec& option : option_table()) {
    if (!goes_with(option, command)) continue;
    if (option.group != group) out.append("\n").append(option.group).append("\n\n");
    group = option.group;
    out += option_entry(option, width);
  }
  return out;
}

std::string command_list() {
  std::vector<std::vector<std::string>> rows;
  for (const CommandSpec& command : command_table()) {
    std::string name(command.name);
    if (!command.words.empty() && !command.words.starts_with('[')) {
      name.append(" ").append(command.words);
    }
    rows.push_back({"", name, std::string(command.purpose)});
  }
  return table(rows);
}

std::string usage_line(const CommandSpec& command) {
  std::string out = "Usage: defender-car " + std::string(command.name);
  for (const std::string_view part : {command.words, command.usage}) {
    if (!part.empty()) out.append(" ").append(part);
  }
  return out + "\n\n";
}

std::string example_list(std::string_view examples) {
  std::string out = "\nExamples\n\n";
  while (!examples.empty()) {
    const std::string_view line = examples.substr(0, examples.find('\n'));
    examples.remove_prefix(std::min(examples.size(), line.size() + 1));
    out.append("  ").append(line).append("\n");
  }
  return out;
}

}  // namespace

std::string help_page(std::size_t columns) {
  const std::size_t width = columns == 0 ? page_width : std::min(columns, page_width);
  return wrapped(introduction, width) + "\n" + command_list() + wrapped(more, width) +
         std::string(exit_codes);
}

std::string help_page(const CommandSpec& command, std::size_t columns) {
  const std::size_t width = columns == 0 ? page_width : std::min(columns, page_width);
  return usage_line(command) + wrapped(command.text, width) + option_list(command, width) +
         example_list(command.examples) + std::string(exit_codes);
}

}  // namespace defender_car
