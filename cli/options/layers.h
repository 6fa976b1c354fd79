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
  std::string file;  ///< the INI file's path
  std::map<std::string, std::string, std::less<>> values;

  bool has(std::string_view name) const { return values.find(name) != values.end(); }
};

/// From rewrite_arguments' "--name=value" forms. Throws Error(usage) for an option given twice.
Layer command_line_layer(const std::vector<std::string>& options);

/// Empty variables count as not set. DEBUG, unless it says false, is log-level debug.
Layer environment_layer(const Environment& environment);

/// Throws Error(usage) naming the line; a line's text is never shown, since it may be a secret.
Layer file_layer(const std::string& path);

}  // namespace defender_car
