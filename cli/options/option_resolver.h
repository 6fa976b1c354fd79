#pragma once
// Layers of option texts -> typed settings: the part of options.cpp that knows what each option
// means.

#include <string>
#include <string_view>
#include <vector>

#include "cli/options/options.h"

namespace defender_car {

class OptionResolver {
 public:
  /// `layers`: the first one that has an option decides it. Both must outlive this object.
  OptionResolver(const std::vector<Layer>& layers, Options& options);

  /// `without_command`: no command word was given, so that an import is full unless an option says
  /// otherwise.
  void run(const Surroundings& surroundings, bool without_command);

 private:
  struct Found {
    const Layer* layer = nullptr;
    const std::string* value = nullptr;
    explicit operator bool() const { return value != nullptr; }
  };

  Found find(std::string_view name) const;
  /// Calls `parse(text)` when the option is there; its errors get the option's name and origin.
  template <typename Parse>
  void with(std::string_view name, Parse parse) const;
  /// The same for an option with choices: `value`'s enumerators stand in the order in which the
  /// option table names them.
  template <typename Value>
  void choose(std::string_view name, Value& value) const;
  std::string origin(std::string_view name, const Found& found) const;

  void read_output();
  void read_working_dir(const Surroundings& surroundings);
  void read_run(bool without_command);
  void read_sources();
  void read_hosts();
  void read_defender();
  void read_car();
  /// CAR is reached by key or by token; the first layer that says anything of either decides.
  bool names_car() const;
  bool uses_car_token() const;
  std::string read_secret(std::string_view name);
  std::string read_plain(std::string_view name) const;
  void warn_of_secrets();
  void refuse_missing(bool defender_too) const;

  const std::vector<Layer>& layers_;
  Options& options_;
};

}  // namespace defender_car
