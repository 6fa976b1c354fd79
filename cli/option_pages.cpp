// The option table as the pages have it, for tests/shell/check_help.sh: `option_pages markdown` for
// docs/configuration.md, `option_pages man` for docs/defender-car.1; `option_pages man-commands`
// writes that page's commands. No part of the program.

#include <algorithm>
#include <iostream>
#include <string>

#include "cli/options/command_table.h"
#include "cli/options/option_table.h"

namespace defender_car {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// "-a, -b" of "a b", each between `before` and `after`.
std::string spellings(std::string_view older, std::string_view before, std::string_view after) {
  if (older.empty()) return "";
  const std::string between = std::string(after).append(", ").append(before).append("-");
  return std::string(before).append("-").append(replaced(std::string(older), " ", between)) +
         std::string(after);
}

std::string code(std::string_view text) {
  return text.empty() ? "" : "`" + replaced(std::string(text), "|", "\\|") + "`";
}

std::string markdown_entry(const OptionSpec& option) {
  std::string name = "--" + std::string(option.name);
  if (!option.argument.empty()) name.append(" ").append(option.argument);
  std::string row = "|";
  for (const std::string& cell :
       {code(name), std::string(option.default_value), code(option.environment),
        spellings(option.older, "`", "`"), full_text(option)}) {
    row += cell.empty() ? " |" : " " + cell + " |";
  }
  return row + "\n";
}

std::string markdown_heading(std::string_view group) {
  return "\n### " + std::string(group) +
         "\n\n| option | default | environment | older spelling | meaning |\n"
         "| --- | --- | --- | --- | --- |\n";
}

std::string roff(std::string_view text) {
  return replaced(replaced(std::string(text), "\\", "\\e"), "-", "\\-");
}

std::string man_entry(const OptionSpec& option) {
  std::string out = ".TP\n\\fB" + roff("--" + std::string(option.name)) + "\\fR";
  if (!option.argument.empty()) out += " \\fI" + roff(option.argument) + "\\fR";
  std::string text = full_text(option);
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text.append(" ").append(label).append(": ").append(value).append(".");
  };
  add("Default", std::string(option.default_value));
  add("Environment", std::string(option.environment));
  add("Older spelling", spellings(option.older, "", ""));
  return out + "\n" + replaced(roff(text), ". ", ".\n") + "\n";
}

std::string man_heading(std::string_view group) { return ".SS " + roff(group) + "\n"; }

void print_options(bool markdown) {
  std::string_view group;
  for (const OptionSpec& option : option_table()) {
    if (option.group != group) {
      std::cout << (markdown ? markdown_heading(option.group) : man_heading(option.group));
    }
    group = option.group;
    std::cout << (markdown ? markdown_entry(option) : man_entry(option));
  }
  if (markdown) std::cout << "\n";
}

/// Paragraphs of a command's page; lines that begin with a blank stay lines.
std::string man_text(std::string_view text) {
  std::string out;
  bool table = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const bool is_table = line.starts_with(' ');
    if (is_table != table) out += is_table ? ".nf\n" : ".fi\n";
    table = is_table;
    out += line.empty() ? ".IP\n" : roff(line) + "\n";
  }
  return out + (table ? ".fi\n" : "");
}

void print_commands() {
  for (const CommandSpec& command : command_table()) {
    std::cout << ".TP\n\\fB" << roff(command.name) << "\\fR";
    if (!command.words.empty()) std::cout << " \\fI" << roff(command.words) << "\\fR";
    std::cout << "\n" << man_text(command.text);
  }
}

}  // namespace
}  // namespace defender_car

int main(int argc, char** argv) {
  const std::string form = argc == 2 ? argv[1] : "";
  if (form == "man-commands") {
    defender_car::print_commands();
  } else if (form == "markdown" || form == "man") {
    defender_car::print_options(form == "markdown");
  } else {
    std::cerr << "usage: option_pages markdown|man|man-commands\n";
    return 2;
  }
  return std::cout.flush() ? 0 : 1;
}
