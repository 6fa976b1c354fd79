#pragma once
// What the program was asked for: command word, SyncSettings and output settings, from the command
// line, the environment and an INI file, in this order of precedence. Throws Error(usage); no
// message holds a secret.

#include <span>
#include <string>
#include <vector>

#include "cli/layers.h"
#include "cli/logging.h"
#include "sync/settings.h"

namespace defender_car {

enum class Command { sync, check, status, runs };
enum class Format { text, json };

struct Options {
  Command command = Command::sync;
  bool command_given = false;  ///< by its word
  bool help = false;           ///< nothing below is filled
  bool version = false;        ///< likewise
  SyncSettings settings;
  LogSettings log;
  Format format = Format::text;
  int limit = 20;                     ///< runs
  std::vector<std::string> warnings;  ///< to be logged once logging stands
};

/// What options are read from besides the arguments.
struct Surroundings {
  Environment environment;
  bool root = false;  ///< decides the working folder's default
};

Options read_options(std::span<const std::string> arguments, const Surroundings& surroundings);

std::string_view command_word(Command command);

/// For the time before read_options has succeeded: whether the arguments ask for JSON.
bool asks_for_json(std::span<const std::string> arguments);

}  // namespace defender_car
