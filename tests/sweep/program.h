// A run as a process of its own, so that it can be killed, starved or counted like any other.
//
// Guarantees: the child holds no descriptor of this process but its three; its output lands in a
// file that has no name; the destructor kills and reaps what still runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "harness.h"

namespace sweep {

/// How a process ended: one of the two.
struct Ending {
  int exit_code = -1;
  int signal = 0;
};

class Program {
 public:
  /// `environment` ("NAME=value") comes before what this process has.
  Program(const std::string& file, const std::vector<std::string>& arguments,
          const std::vector<std::string>& environment = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  Ending wait();
  /// What it has written to its standard output and error so far.
  std::string output() const;

 private:
  int output_ = -1;
  pid_t pid_ = -1;
};

/// `defender-car sync` with the harness' settings, its secrets in the environment.
class SyncProgram : public Program {
 public:
  explicit SyncProgram(e2e::Harness& harness, const std::vector<std::string>& more = {});
};

/// Kills a child of this process and returns when it is dead; it can still be waited for.
void kill_and_see_dead(pid_t child);

}  // namespace sweep
