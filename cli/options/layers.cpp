#include "cli/options/layers.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "cli/options/option_table.h"
#include "cli/options/values.h"
#include "cli/output/text.h"

namespace defender_car {
namespace {

namespace po = boost::program_options;

/// All values are text to the parser: its own conversions would quote a wrong value, secret or not,
/// in their error.
po::options_description describe_options(bool for_file) {
  po::options_description description;
  for (const OptionSpec& option : option_table()) {
    if (for_file && !option.traits.in_file) continue;
    description.add_options()(std::string(option.name).c_str(), po::value<std::string>());
  }
  return description;
}

/// Throws what boost throws for an option that came twice.
void take(const po::parsed_options& parsed, Layer& layer) {
  po::variables_map values;
  po::store(parsed, values);
  for (const auto& [name, value] : values) layer.values[name] = value.as<std::string>();
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// What is wrong with one line, or "". Boost would cut a value at '#' without a word, and quote a
/// line that it cannot read.
std::string fault_of_line(const std::string& raw) {
  const std::string line = trimmed(raw);
  if (line.empty() || line[0] == '#') return "";
  if (line[0] == '[') return "sections ([…]) are not used: remove the line";
  const auto equals = line.find('=');
  if (equals == std::string::npos) return "is neither key = value nor a comment (# …)";
  const std::string key = trimmed(line.substr(0, equals));
  if (key.find('#') != std::string::npos) return "a '#' stands inside the key";
  const OptionSpec* option = find_option(key);
  if (option == nullptr) return "unknown key '" + printable(shorten(key, 40)) + "'";
  if (!option->traits.in_file) return key + " cannot stand in a file: give it on the command line";
  const std::string value = trimmed(line.substr(equals + 1));
  if (value.empty()) return key + " has no value";
  if (value.find('#') != std::string::npos) {
    return "the value of " + key +
           " holds a '#', which begins a comment in such a file: comments take a line of their "
           "own, and a secret with a '#' goes into a file of its own (" +
           "client-secret-file, car-password-file, car-token-file) or the environment";
  }
  return "";
}

std::string read_config(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file.is_open() && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || text.bad()) {
    throw Error(ErrorKind::usage, "--config: cannot read '" + printable(path) +
                                      "': " + std::strerror(errno == 0 ? EIO : errno));
  }
  try {
    return std::string(without_byte_order_mark(text.str()));
  } catch (const Error& e) {
    throw Error(ErrorKind::usage, "'" + printable(path) + "' " + e.what());
  }
}

}  // namespace

Layer command_line_layer(const std::vector<std::string>& options) {
  Layer layer{.kind = Layer::Kind::command_line, .file = {}, .own_names = false, .values = {}};
  namespace style = po::command_line_style;
  const auto description = describe_options(false);
  try {
    take(po::command_line_parser(options)
             .options(description)
             .style(style::allow_long | style::long_allow_adjacent)
             .run(),
         layer);
  } catch (const po::multiple_occurrences& e) {
    throw Error(ErrorKind::usage, e.get_option_name() +
                                      " is given twice (perhaps once in another spelling): give "
                                      "it once");
  }
  return layer;
}

std::string own_variable(std::string_view option) {
  std::string name = "DEFENDER_CAR_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

Layer own_environment_layer(const Environment& environment) {
  Layer layer{.kind = Layer::Kind::environment, .file = {}, .own_names = true, .values = {}};
  for (const OptionSpec& option : option_table()) {
    if (option.name == "help" || option.name == "version") continue;  // questions, not settings
    const auto value = environment(own_variable(option.name));
    if (value && !value->empty()) layer.values[std::string(option.name)] = *value;
  }
  return layer;
}

Layer environment_layer(const Environment& environment) {
  Layer layer{.kind = Layer::Kind::environment, .file = {}, .own_names = false, .values = {}};
  for (const OptionSpec& option : option_table()) {
    if (option.environment.empty()) continue;
    const auto value = environment(std::string(option.environment));
    if (value && !value->empty()) layer.values[std::string(option.name)] = *value;
  }
  const auto debug = environment("DEBUG");
  if (debug && !debug->empty() && read_boolean(*debug).value_or(true)) {
    layer.values["log-level"] = "debug";
  }
  return layer;
}

Layer file_layer(const std::string& path) {
  Layer layer{.kind = Layer::Kind::file, .file = path, .own_names = false, .values = {}};
  const std::string text = read_config(path);
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string fault = fault_of_line(line);
    if (fault.empty()) continue;
    throw Error(ErrorKind::usage,
                "'" + printable(path) + "' line " + std::to_string(number) + ": " + fault);
  }
  std::istringstream source(text);
  const auto description = describe_options(true);
  try {
    take(po::parse_config_file(source, description), layer);
  } catch (const po::multiple_occurrences& e) {
    throw Error(ErrorKind::usage,
                "'" + printable(path) + "': " + e.get_option_name() + " stands there twice");
  } catch (const po::error&) {
    throw Error(ErrorKind::usage, "'" + printable(path) + "' cannot be read as an INI file");
  }
  return layer;
}

std::optional<std::string> default_config(const Environment& environment) {
  std::vector<std::string> places;
  const auto add = [&](const char* variable, const char* below) {
    const auto value = environment(variable);
    if (value && !value->empty()) places.push_back(*value + below);
    return value && !value->empty();
  };
  add("DEFENDER_CAR_CONFIG", "");
  if (!add("XDG_CONFIG_HOME", "/defender-car/config.ini"))
    add("HOME", "/.config/defender-car/config.ini");
  places.emplace_back("/etc/defender-car/config.ini");
  const auto there = std::find_if(places.begin(), places.end(), [](const std::string& place) {
    std::error_code fault;
    return std::filesystem::exists(place, fault);
  });
  return there == places.end() ? std::nullopt : std::optional(*there);
}

void expand_home(Layer& layer, const Environment& environment) {
  const auto home = environment("HOME");
  if (!home || home->empty()) return;
  for (auto& [name, value] : layer.values) {
    const OptionSpec* option = find_option(name);
    const bool is_path =
        option != nullptr && (option->argument == "FILE" || option->argument == "DIR");
    if (is_path && (value == "~" || value.starts_with("~/"))) value = *home + value.substr(1);
  }
}

}  // namespace defender_car
