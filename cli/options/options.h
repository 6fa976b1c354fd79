#pragma once
// This folder turns arguments, environment and INI file into typed settings; it runs no command.
//
// Options is what the program was asked for: command word, SyncSettings and output settings, from
// the command line, the environment and an INI file, in this order of precedence. Throws
// Error(usage); no message holds a secret.

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "cli/options/command_table.h"
#include "cli/options/layers.h"
#include "cli/output/logging.h"
#include "run/settings.h"

namespace defender_car {

enum class Format { text, json };
enum class ColorChoice { automatic, always, never };

struct Options {
  Command command = Command::sync;
  bool command_given = false;      ///< by its word
  bool help = false;               ///< nothing below is filled
  bool version = false;            ///< likewise
  std::vector<std::string> words;  ///< that follow the command: SNAPSHOT…, WHAT, A B
  SyncSettings settings;
  LogSettings log;
  Format format = Format::text;
  ColorChoice color = ColorChoice::automatic;
  int limit = 20;               ///< runs
  std::int64_t until = 0;       ///< replay: the last run; 0: all
  std::string save;             ///< plan: the file to save it to; "": none
  bool plan_exit_code = false;  ///< plan: the exit code tells whether there is something to do
  bool acknowledged = false;    ///< diff: of the graph that CAR acknowledged
  std::string at;               ///< explain, diff, replay: a time in place of a run; "": none
  bool dry_run = false;         ///< snapshots prune: says what it would remove
  bool rows = false;            ///< explain: with Defender's rows
  bool monitoring = false;      ///< status: one line for a monitoring system
  std::chrono::seconds warn_age = std::chrono::minutes(15);
  std::chrono::seconds critical_age = std::chrono::hours(1);
  std::string metrics_file;           ///< sync: what a monitoring system reads; "": none
  bool repair = false;                ///< verify
  int sample = 0;                     ///< verify: how many machines; 0: all
  std::string output;                 ///< report: the file; "": standard output
  std::vector<std::string> warnings;  ///< to be logged once logging is set up
};

/// What options are read from besides the arguments.
struct Surroundings {
  Environment environment;
  bool root = false;            ///< decides the working folder's default
  std::string invoked_by = {};  ///< who started the program, and where
};

Options read_options(std::span<const std::string> arguments, const Surroundings& surroundings);

/// For the time before read_options has succeeded: whether the arguments ask for JSON.
bool asks_for_json(std::span<const std::string> arguments);
/// The same for `status --check`.
bool asks_for_monitoring(std::span<const std::string> arguments);

}  // namespace defender_car
