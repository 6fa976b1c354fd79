#include "cli/options/completion.h"

#include <algorithm>

#include "cli/options/command_table.h"
#include "cli/options/option_table.h"

namespace defender_car {
namespace {

/// "a b" of "[a|b]"; nothing where the text names no choice.
std::string choices(std::string_view text) {
  std::string words(text);
  if (words.find('|') == std::string::npos) return "";
  if (words.find_first_of("/%N") != std::string::npos) return "";  // N|N%: numbers
  std::erase_if(words, [](char c) { return c == '[' || c == ']'; });
  std::replace(words.begin(), words.end(), '|', ' ');
  return words;
}

std::string command_names() {
  std::string names;
  for (const CommandSpec& command : command_table()) names.append(command.name).append(" ");
  return names;
}

std::string option_names(const CommandSpec& command) {
  std::string names;
  for (const OptionSpec& option : option_table()) {
    if (goes_with(option, command)) names.append("--").append(option.name).append(" ");
  }
  return names;
}

bool names_path(const OptionSpec& option) {
  return option.argument == "FILE" || option.argument == "DIR";
}

/// What stands behind a command: its own words, else files where it takes some.
std::string words_of(const CommandSpec& command) {
  if (command.command == Command::help) return command_names();
  return choices(command.words);
}

bool takes_files(const CommandSpec& command) {
  return command.words.find("FILE") != std::string_view::npos ||
         command.words.find("SNAPSHOT") != std::string_view::npos || command.words == "A B";
}

/// A branch of the function's `case` for values, and one for commands. zsh reads the same script.
std::string bash_values() {
  std::string out;
  for (const OptionSpec& option : option_table()) {
    if (option.argument.empty()) continue;
    out.append("    --").append(option.name).append(") ");
    const std::string words = choices(option.argument);
    if (!words.empty()) out.append("words='").append(words).append("'");
    if (words.empty() && names_path(option)) out.append("files=1");
    if (words.empty() && !names_path(option)) out.append(":");
    out.append(" ;;\n");
  }
  return out;
}

std::string bash_commands() {
  std::string out;
  for (const CommandSpec& command : command_table()) {
    out.append("    ").append(command.name).append(") options='").append(option_names(command));
    out.append("'; words='").append(words_of(command)).append("'");
    if (takes_files(command)) out.append("; files=1");
    out.append(" ;;\n");
  }
  return out;
}

std::string bash_script() {
  return R"(# bash completion of defender-car, made by `defender-car completion bash`
_defender_car() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= options= files= i
  # --option=value comes in three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    )" +
         [] {
           std::string names = command_names();
           names.pop_back();
           std::replace(names.begin(), names.end(), ' ', '|');
           return names;
         }() +
         R"() command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $before in
)" + bash_values() +
         R"(    *) case $command in
)" + bash_commands() +
         "    '') words='" + command_names() + R"(' ;;
    esac ;;
  esac
  if [[ $word == -* || -z $words$files ]]; then words+=" $options"; fi
  COMPREPLY=()
  if [[ -n $words ]]; then mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"); fi
  if [[ -n $files ]]; then
    local file
    while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _defender_car defender-car
)";
}

std::string zsh_script() {
  return "#compdef defender-car\n# made by `defender-car completion zsh`\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script();
}

/// One line of fish's `complete`; `text` has no quotes of its own that it could not escape.
std::string fish_line(const std::string& condition, const std::string& what, std::string text) {
  std::string quoted;
  for (const char c : text.substr(0, text.find(". "))) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "complete -c defender-car -n '" + condition + "' " + what + " -d '" + quoted + "'\n";
}

std::string fish_script() {
  std::string out =
      "# fish completion of defender-car, made by `defender-car completion fish`\n"
      "complete -c defender-car -f\n";
  for (const CommandSpec& command : command_table()) {
    const std::string name(command.name);
    out += fish_line("__fish_use_subcommand", "-a " + name, std::string(command.purpose));
    const std::string after = "__fish_seen_subcommand_from " + name;
    const std::string words = words_of(command);
    if (!words.empty()) out += fish_line(after, "-a '" + words + "'", "");
    if (takes_files(command)) out += fish_line(after, "-F", "");
    for (const OptionSpec& option : option_table()) {
      if (!goes_with(option, command)) continue;
      std::string what = "-l " + std::string(option.name);
      const std::string values = choices(option.argument);
      if (!values.empty()) {
        what += " -x -a '" + values + "'";
      } else if (!option.argument.empty()) {
        what += names_path(option) ? " -r -F" : " -x";
      }
      out += fish_line(after, what, std::string(option.text));
    }
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return "";
}

}  // namespace defender_car
