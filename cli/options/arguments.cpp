#include "cli/options/arguments.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "cli/options/command_table.h"
#include "cli/options/nearest.h"
#include "cli/options/option_table.h"
#include "cli/options/values.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

enum class Meaning {
  value,            ///< takes a value, which stays as it is
  list,             ///< takes values up to the next option, and may come again
  flag,             ///< takes none
  update_mode,      ///< True: auto, False: full
  debug,            ///< --log-level=debug
  connection_test,  ///< the value may be left out
  ignored_value,
  ignored_flag,
};

struct Spelling {
  std::string_view name;  ///< of the option; empty: none
  Meaning meaning = Meaning::value;
};

struct SpecialSpelling {
  std::string_view typed;
  Meaning meaning;
};

/// Single-dash spellings that mean another thing than an option's value.
constexpr SpecialSpelling special_spellings[] = {
    {"incremental_update", Meaning::update_mode},
    {"d", Meaning::debug},
    {"connection-test", Meaning::connection_test},
    {"name", Meaning::ignored_value},
    {"version", Meaning::ignored_value},
    {"export-data-dir", Meaning::ignored_value},
    {"export-data-page-size", Meaning::ignored_value},
    {"keep-export-data-dir", Meaning::ignored_flag},
};

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::usage, why); }

/// What an option means; its own long name is understood behind one dash, too.
std::optional<Spelling> find_spelling(std::string_view typed) {
  const bool single_dash = !typed.starts_with("--");
  const std::string_view name = typed.substr(single_dash ? 1 : 2);
  const OptionSpec* option = single_dash ? find_older_spelling(name) : nullptr;
  if (single_dash) {
    for (const SpecialSpelling& special : special_spellings) {
      if (special.typed == name) {
        return Spelling{option == nullptr ? "" : option->name, special.meaning};
      }
    }
  }
  if (option == nullptr) option = find_option(name);
  if (option == nullptr) return std::nullopt;
  const Meaning meaning = option->argument.empty() ? Meaning::flag
                          : option->traits.list    ? Meaning::list
                                                   : Meaning::value;
  return Spelling{option->name, meaning};
}

std::string did_you_mean(std::string_view dashes, std::optional<std::string_view> word) {
  return word ? "; did you mean " + std::string(dashes) + std::string(*word) + "?" : "";
}

std::optional<std::string_view> nearest_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const CommandSpec& command : command_table()) names.push_back(command.name);
  return nearest(word, names);
}

/// Options of other programs that mean a thing that has another name here.
constexpr std::pair<std::string_view, std::string_view> foreign_options[] = {
    {"--json", "--format json"},
    {"--verbose", "--log-level debug"},
    {"--quiet", "--log-level error"},
};

std::string better_option(const std::string& typed) {
  for (const auto& [foreign, ours] : foreign_options) {
    if (typed == foreign) return "; did you mean " + std::string(ours) + "?";
  }
  std::vector<std::string_view> names;
  for (const OptionSpec& option : option_table()) names.push_back(option.name);
  return did_you_mean(
      "--", nearest(typed.substr(std::min<std::size_t>(typed.find_first_not_of('-'), typed.size())),
                    names));
}

class Rewriter {
 public:
  explicit Rewriter(std::span<const std::string> typed) : typed_(typed) {}

  Arguments run() {
    while (next_ < typed_.size()) {
      const std::string& argument = typed_[next_++];
      if (argument.size() > 1 && argument[0] == '-') {
        option(argument);
      } else {
        word(argument);
      }
    }
    return std::move(result_);
  }

 private:
  static bool is_command(const std::string& word) { return find_command(word) != nullptr; }

  void word(const std::string& argument) {
    if (!result_.command && is_command(argument)) {
      result_.command = argument;
      return;
    }
    const CommandSpec* command = result_.command ? find_command(*result_.command) : nullptr;
    if (command != nullptr && !command->words.empty()) {
      result_.words.push_back(argument);
      return;
    }
    if (next_ == 1) {
      refuse("unknown command '" + printable(shorten(argument, 40)) + "'" +
             did_you_mean("", nearest_command(argument)) + " (defender-car help lists them)");
    }
    refuse("argument " + std::to_string(next_) + " belongs to no option" + previous_ +
           "; it is not shown, as it may be part of a secret. Put values with spaces in quotes.");
  }

  void option(const std::string& argument) {
    const auto equals = argument.find('=');
    const std::string typed = argument.substr(0, equals);
    inline_value_.reset();
    if (equals != std::string::npos) inline_value_ = argument.substr(equals + 1);
    const auto spelling = find_spelling(typed);
    if (!spelling) {
      refuse("unknown option " + printable(shorten(typed, 40)) + better_option(typed) +
             " (defender-car help COMMAND lists them)");
    }
    previous_ = " (it stands after the value of " + typed + ")";
    apply(typed, *spelling);
  }

  void apply(const std::string& typed, const Spelling& spelling) {
    switch (spelling.meaning) {
      case Meaning::value:
        add(typed, spelling.name, value_of(typed));
        return;
      case Meaning::list:
        add_to_list(typed, spelling.name);
        return;
      case Meaning::flag:
        add(typed, spelling.name, inline_value_.value_or("true"));
        return;
      case Meaning::update_mode:
        update_mode(typed, value_of(typed));
        return;
      case Meaning::debug:
        add(typed, spelling.name, "debug");
        return;
      case Meaning::connection_test:
        connection_test();
        return;
      case Meaning::ignored_value:
        value_of(typed);
        [[fallthrough]];
      case Meaning::ignored_flag:
        result_.ignored.push_back(typed);
        return;
    }
  }

  std::string value_of(const std::string& typed) {
    if (inline_value_) return *inline_value_;
    if (next_ == typed_.size()) {
      refuse(typed + " needs a value" + (typed == "-version" ? " (or is --version meant?)" : ""));
    }
    return typed_[next_++];
  }

  void add(const std::string& typed, std::string_view name, const std::string& value) {
    // The Python connector took an empty value (an unset shell variable in quotes) for one not
    // given.
    if (value.empty() && !typed.starts_with("--")) return;
    if (value.empty()) refuse(typed + " has an empty value");
    result_.options.push_back("--" + std::string(name) + "=" + value);
  }

  void add_to_list(const std::string& typed, std::string_view name) {
    const bool none = next_ == typed_.size() || typed_[next_].starts_with('-');
    if (!inline_value_ && none) refuse(typed + " needs a value");
    std::string values = value_of(typed);
    while (!inline_value_ && next_ < typed_.size() && !typed_[next_].starts_with('-') &&
           !is_command(typed_[next_])) {
      values += "," + typed_[next_++];
    }
    const std::string head = "--" + std::string(name) + "=";
    const auto given =
        std::find_if(result_.options.begin(), result_.options.end(),
                     [&](const std::string& option) { return option.starts_with(head); });
    if (given == result_.options.end()) return add(typed, name, values);
    *given += "," + values;
  }

  void update_mode(const std::string& typed, const std::string& value) {
    if (value.empty()) return;
    const auto incremental = read_boolean(value);
    if (!incremental) refuse(typed + " must be True or False");
    add(typed, "mode", *incremental ? "auto" : "full");
  }

  void connection_test() {
    if (!inline_value_ && next_ < typed_.size() && read_boolean(typed_[next_])) {
      inline_value_ = typed_[next_++];
    }
    const auto wanted = read_boolean(inline_value_.value_or("true"));
    if (!wanted) refuse("-connection-test must be True or False");
    result_.connection_test = wanted;
  }

  std::span<const std::string> typed_;
  std::size_t next_ = 0;
  std::optional<std::string> inline_value_;  ///< of the option at hand: -option=value
  std::string previous_;                     ///< for the message about a stray word
  Arguments result_;
};

constexpr std::string_view kHidden[] = {"--client-secret", "--car-key", "--car-password",
                                        "--car-token"};

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("_-./:=,%+@").find(c) != std::string_view::npos;
}

std::string quoted(const std::string& word) {
  if (std::all_of(word.begin(), word.end(), is_plain)) return word;
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

Arguments rewrite_arguments(std::span<const std::string> typed) { return Rewriter(typed).run(); }

std::string command_to_repeat(const Arguments& arguments) {
  std::string text = "defender-car";
  if (arguments.command) text += " " + *arguments.command;
  for (const std::string& option : arguments.options) {
    const std::string name = option.substr(0, option.find('='));
    if (name == "--allow-once") continue;
    const bool hidden =
        std::find(std::begin(kHidden), std::end(kHidden), name) != std::end(kHidden);
    text += " " + (hidden ? name + "='…'" : quoted(printable(option)));
  }
  return text;
}

}  // namespace defender_car
