#include "child.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace sweep {
namespace {

constexpr int kCannotStart = 126;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// Between fork and exec, in a process with threads: system calls only.
[[noreturn]] void become(const Command& command, char** words, char** environment, int out,
                         int err) {
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (::dup2(nothing, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(kCannotStart);
  ::close_range(3, ~0U, 0);
  if (command.user && (::setgroups(0, nullptr) != 0 || ::setgid(*command.user) != 0 ||
                       ::setuid(*command.user) != 0))
    ::_exit(kCannotStart);
  for (const auto& [what, size] : command.limits) {
    const rlimit limit{size, size};
    if (::setrlimit(static_cast<__rlimit_resource_t>(what), &limit) != 0) ::_exit(kCannotStart);
  }
  ::execve(words[0], words, environment);
  ::_exit(kCannotStart);
}

void read_all(int out, int err, Ended& ended) {
  std::array<pollfd, 2> open{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  const std::array<std::string*, 2> texts{&ended.out, &ended.err};
  std::array<char, 4096> piece;
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    if (::poll(open.data(), open.size(), -1) < 0 && errno != EINTR) return;
    for (size_t i = 0; i < open.size(); ++i) {
      if (open[i].fd < 0 || open[i].revents == 0) continue;
      const ssize_t got = ::read(open[i].fd, piece.data(), piece.size());
      if (got > 0) {
        texts[i]->append(piece.data(), static_cast<size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        open[i].fd = -1;
      }
    }
  }
}

}  // namespace

Child::Child(const Command& command) {
  std::vector<std::string> words = command.words;
  std::vector<std::string> variables;
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  id_ = ::fork();
  if (id_ == 0)
    become(command, const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), out[1],
           err[1]);
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
  if (id_ < 0) throw std::runtime_error("cannot fork");
}

Child::~Child() {
  if (id_ > 0) {
    send(SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

void Child::send(int signal) const { ::kill(id_, signal); }

Ended Child::wait() {
  Ended ended;
  read_all(out_, err_, ended);
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  return ended;
}

Ended run(const Command& command) { return Child(command).wait(); }

}  // namespace sweep
