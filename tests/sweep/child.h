// The program as a process of its own, under limits or as another user, its output read by pipes:
// so that a limit on the size of files does not strike the output, and no descriptor of the test
// is inherited.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sweep {

struct Command {
  std::vector<std::string> words;                  ///< the program's path first
  std::map<std::string, std::string> environment;  ///< all of it
  std::map<int, rlim_t> limits;                    ///< RLIMIT_…
  std::optional<uid_t> user;
};

struct Ended {
  int code = -1;   ///< when it exited
  int signal = 0;  ///< when that killed it
  std::string out;
  std::string err;
};

class Child {
 public:
  explicit Child(const Command& command);
  /// Kills what was not waited for.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t id() const { return id_; }
  void send(int signal) const;
  /// Reads its output to the end, then its code.
  Ended wait();

 private:
  pid_t id_ = -1;
  int out_ = -1;
  int err_ = -1;
};

Ended run(const Command& command);

}  // namespace sweep
