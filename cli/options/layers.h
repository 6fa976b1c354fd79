#pragma once
// The three places an option may come from, the first one winning: command line, environment, INI
// file.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace defender_car {

/// A variable's value; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& variable)>;

struct Layer {
  enum class Kind { command_line, environment, file };
  Kind kind = Kind::command_line;
  std::string file;        ///< the INI file's path
  bool own_names = false;  ///< of the environment: the variables DEFENDER_CAR_…
  std::map<std::string, std::string, std::less<>> values;

  bool has(std::string_view name) const { return values.find(name) != values.end(); }
};

/// From rewrite_arguments' "--name=value" forms. Throws Error(usage) for an option given twice.
Layer command_line_layer(const std::vector<std::string>& options);

/// DEFENDER_CAR_LOG_LEVEL for log-level.
std::string own_variable(std::string_view option);

/// The variables DEFENDER_CAR_…, one an option. Empty variables count as not set.
Layer own_environment_layer(const Environment& environment);

/// The variables that the option table names: the Python connector's. DEBUG, unless it says false,
/// is log-level debug.
Layer environment_layer(const Environment& environment);

/// Throws Error(usage) naming the line; a line's text is never shown, since it may be a secret.
Layer file_layer(const std::string& path);

/// The file that is read without --config: the first that exists of $DEFENDER_CAR_CONFIG, the
/// user's and the system's. Nothing where there is none.
std::optional<std::string> default_config(const Environment& environment);

/// Values of options that name a file or a folder: "~/" at their beginning becomes the home folder.
void expand_home(Layer& layer, const Environment& environment);

}  // namespace defender_car
