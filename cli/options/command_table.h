#pragma once
// Every command that exists, once: parser, messages, help pages and main() all read this table.

#include <span>
#include <string_view>

namespace defender_car {

struct Session;

enum class Command {
  check,
  sync,
  plan,
  status,
  runs,
  explain,
  diff,
  report,
  verify,
  replay,
  snapshots,
  copy,
  completion,
  help,
  version
};

/// Which services a command asks. A replay has a CAR of its own unless one is named; `unset` reads
/// no settings either.
enum class Connects { unset, nothing, named_car, car, both };

struct CommandSpec {
  Command command;
  std::string_view name;
  std::string_view words;    ///< words of its own that it takes: "A B"; empty: none
  std::string_view usage;    ///< the options that its usage line shows
  std::string_view purpose;  ///< one line for the list of commands
  Connects connects;
  int (*run)(const Session&);  ///< returns the exit code; throws Error for what ends it
  std::string_view text;       ///< paragraphs of its help page
  std::string_view examples;   ///< command lines, one a line
};

/// In the order of the enumerators.
std::span<const CommandSpec> command_table();

const CommandSpec& command_spec(Command command);
/// Nothing for a word that names none.
const CommandSpec* find_command(std::string_view word);

int run_check_command(const Session& session);
int run_sync_command(const Session& session);
int run_plan_command(const Session& session);
int run_status_command(const Session& session);
int run_runs_command(const Session& session);
int run_explain_command(const Session& session);
int run_diff_command(const Session& session);
int run_report_command(const Session& session);
int run_verify_command(const Session& session);
int run_replay_command(const Session& session);
int run_snapshots_command(const Session& session);
int run_copy_command(const Session& session);
int run_completion_command(const Session& session);
int run_help_command(const Session& session);
int run_version_command(const Session& session);

}  // namespace defender_car
