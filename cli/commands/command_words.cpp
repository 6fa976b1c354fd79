// The commands that read no settings: help, version, completion.

#include <unistd.h>

#include "base/error.h"
#include "base/version.h"
#include "cli/commands/commands.h"
#include "cli/options/completion.h"
#include "cli/options/help.h"
#include "cli/options/nearest.h"
#include "cli/output/output.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"

namespace defender_car {

int run_help_command(const Session& session) {
  const auto& words = session.options.words;
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  if (words.empty()) {
    write_out(help_page(columns));
    return 0;
  }
  const CommandSpec* command = find_command(words[0]);
  if (command == nullptr || words.size() > 1) {
    throw Error(ErrorKind::usage,
                "help takes the word of one command; defender-car help lists them");
  }
  write_out(help_page(*command, columns));
  return 0;
}

int run_version_command(const Session&) {
  write_out(std::string(kProgram) + "\n");
  return 0;
}

int run_completion_command(const Session& session) {
  const auto& words = session.options.words;
  const std::string shell = words.size() == 1 ? words[0] : "";
  const std::string script = completion_script(shell);
  if (script.empty()) throw Error(ErrorKind::usage, "completion takes one word: bash, zsh or fish");
  write_out(script);
  return 0;
}

}  // namespace defender_car
