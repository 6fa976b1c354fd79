#include "cli/options/help.h"

#include <algorithm>
#include <string_view>

#include "cli/options/option_table.h"
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

constexpr std::string_view precedence = R"(
Without a command word the command line of IBM's Python connector is meant (-tenantID,
-clientID …): a sync, full unless -incremental_update True stands there.

The command line wins over the environment, that over the INI file (--config FILE).
)";

constexpr std::string_view examples = R"(
Examples

  /etc/defender-car.ini, readable by its user only (chmod 600):
      tenant-id = 11111111-2222-3333-4444-555555555555
      client-id = 66666666-7777-8888-9999-000000000000
      client-secret-file = /etc/defender-car/client-secret
      car-url = https://cp4s.example.com/api/car/v2
      car-key = KEY
      car-password-file = /etc/defender-car/car-password

  defender-car check --config /etc/defender-car.ini
  defender-car sync --config /etc/defender-car.ini

  A crontab line; cron mails what a run that was not good had to say:
      */5 * * * *  defender-car sync --config /etc/defender-car.ini
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

/// Words of `text` on lines of at most page_width characters behind `indent` blanks.
std::string paragraph(std::string_view text, std::size_t indent) {
  std::string out;
  std::string line(indent, ' ');
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (line.size() > indent && line.size() + 1 + word.size() > page_width) {
      out += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent) line += ' ';
    line += word;
  }
  return out + line + "\n";
}

std::string option_entry(const OptionSpec& option) {
  std::string out = "  --" + std::string(option.name);
  if (!option.argument.empty()) out.append(" ").append(option.argument);
  std::string text = full_text(option);
  if (!option.default_value.empty()) {
    text.append(" Default: ").append(option.default_value).append(".");
  }
  if (!option.environment.empty()) text += " Environment: " + std::string(option.environment) + ".";
  return out.append("\n").append(paragraph(text, 6));
}

bool concerns(const OptionSpec& option, const CommandSpec* command) {
  if (command == nullptr) return true;
  if (!option.traits.commands.empty()) return has_word(option.traits.commands, command->name);
  return option.traits.local || command->connects != Connects::nothing;
}

std::string option_list(const CommandSpec* command) {
  std::string out;
  std::string_view group;
  for (const OptionSpec& option : option_table()) {
    if (!concerns(option, command)) continue;
    if (option.group != group) out.append("\n").append(option.group).append("\n\n");
    group = option.group;
    out += option_entry(option);
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
  if (!command.words.empty()) out.append(" ").append(command.words);
  return out.append(" ").append(command.usage) + "\n\n";
}

}  // namespace

std::string help_page(const CommandSpec* command) {
  if (command != nullptr) {
    return usage_line(*command) + std::string(command->text) + option_list(command);
  }
  return std::string(introduction) + "\n" + command_list() + std::string(precedence) +
         option_list(nullptr) + std::string(examples) + std::string(exit_codes);
}

}  // namespace defender_car
