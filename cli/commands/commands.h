#pragma once
// The commands. Each returns the exit code and throws Error for what ends it.

#include "cli/options/options.h"
#include "cli/output/logging.h"

namespace defender_car {

/// What a command works with.
struct Session {
  const Options& options;
  Log& log;
  bool terminal = false;   ///< standard error is one
  bool can_erase = false;  ///< … that takes escape sequences
};

int run_sync_command(const Session& session);
int run_check_command(const Session& session);
int run_status_command(const Session& session);
int run_runs_command(const Session& session);
int run_plan_command(const Session& session);
int run_replay_command(const Session& session);
int run_verify_command(const Session& session);
int run_explain_command(const Session& session);
int run_diff_command(const Session& session);
int run_report_command(const Session& session);
int run_snapshots_command(const Session& session);

/// Throws Error(usage) when the working folder holds no state file yet.
void require_state(const std::filesystem::path& working_dir);

}  // namespace defender_car
