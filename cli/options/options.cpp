#include "cli/options/options.h"

#include <algorithm>

#include "base/error.h"
#include "cli/options/arguments.h"
#include "cli/options/option_resolver.h"
#include "cli/options/option_table.h"
#include "cli/options/values.h"

namespace defender_car {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::usage, why); }

/// The command word, or the Python connector's ways to ask for a connection test.
void choose_command(const Arguments& arguments, const Environment& environment, Options& options) {
  if (arguments.command) {
    options.command_given = true;
    if (const CommandSpec* command = find_command(*arguments.command)) {
      options.command = command->command;
    }
  }
  if (arguments.connection_test) {
    const bool fits = options.command == Command::sync || options.command == Command::check;
    if (!fits) refuse("-connection-test does not go with this command: use check alone");
    if (*arguments.connection_test) options.command = Command::check;
  } else if (!arguments.command) {
    const auto test = environment("DATASOURCE_CONNECTION_TEST");
    if (test && !test->empty() && read_boolean(*test).value_or(true)) {
      options.command = Command::check;
    }
  }
}

bool is_asked(const Layer& command_line, std::string_view flag) {
  const auto found = command_line.values.find(flag);
  if (found == command_line.values.end()) return false;
  const auto value = read_boolean(found->second);
  if (!value) refuse("--" + std::string(flag) + " takes no value");
  return *value;
}

void refuse_misplaced(const Layer& command_line, std::string_view word) {
  for (const auto& [name, value] : command_line.values) {
    const OptionSpec* option = find_option(name);
    if (option == nullptr || option->traits.commands.empty() ||
        has_word(option->traits.commands, word))
      continue;
    refuse("--" + name + " does not go with the command " + std::string(word) +
           ", only with: " + std::string(option->traits.commands) +
           (name == "dry-run" ? "; the command plan shows what a run would do and sends nothing"
                              : ""));
  }
}

}  // namespace

Options read_options(std::span<const std::string> arguments, const Surroundings& surroundings) {
  const Arguments rewritten = rewrite_arguments(arguments);
  Options options;
  options.settings.command = command_to_repeat(rewritten);
  options.settings.invoked_by = surroundings.invoked_by;
  choose_command(rewritten, surroundings.environment, options);
  std::vector<Layer> layers{command_line_layer(rewritten.options)};
  options.version = is_asked(layers[0], "version");
  options.help = is_asked(layers[0], "help");
  if (options.help || options.version) return options;
  refuse_misplaced(layers[0], command_spec(options.command).name);
  options.words = rewritten.words;
  if (command_spec(options.command).connects == Connects::unset) return options;
  if (options.command == Command::replay && !layers[0].has("working-dir")) {
    refuse(
        "replay writes a state file: say into which folder by --working-dir DIR, an empty one or "
        "one "
        "with a copy of a state to go on from (a configuration file's does not count here)");
  }
  for (const std::string& ignored : rewritten.ignored) {
    options.warnings.push_back(ignored + " is ignored: it means nothing to this program");
  }
  layers.push_back(own_environment_layer(surroundings.environment));
  layers.push_back(environment_layer(surroundings.environment));
  for (Layer& layer : layers) expand_home(layer, surroundings.environment);
  const auto config = layers[0].values.find("config");
  const auto file = config != layers[0].values.end() ? std::optional(config->second)
                                                     : default_config(surroundings.environment);
  if (file) layers.push_back(file_layer(*file));
  expand_home(layers.back(), surroundings.environment);
  OptionResolver(layers, options).run(surroundings, !rewritten.command);
  return options;
}

bool asks_for_monitoring(std::span<const std::string> arguments) {
  const auto has = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  return has("status") && has("--check");
}

bool asks_for_json(std::span<const std::string> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--format=json" || argument == "-format=json") return true;
    const bool spaced = argument == "--format" || argument == "-format";
    if (spaced && i + 1 < arguments.size() && arguments[i + 1] == "json") return true;
  }
  return false;
}

}  // namespace defender_car
