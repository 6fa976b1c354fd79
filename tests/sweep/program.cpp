#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace sweep {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string path_of_program() {
  const char* file = std::getenv("DEFENDER_CAR_PROGRAM");
  if (file == nullptr) throw std::runtime_error("DEFENDER_CAR_PROGRAM names no program");
  return file;
}

std::vector<std::string> sync_arguments(const defender_car::SyncSettings& settings,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> out{"sync",
                               "--tenant-id",
                               settings.defender.tenant_id,
                               "--client-id",
                               settings.defender.client_id,
                               "--login-url",
                               settings.defender.login_url,
                               "--defender-url",
                               settings.defender.defender_url,
                               "--graph-url",
                               settings.defender.graph_url,
                               "--car-url",
                               settings.car.url,
                               "--car-key",
                               settings.car.key,
                               "--source",
                               settings.car.source,
                               "--working-dir",
                               settings.working_dir.string()};
  if (settings.mode == defender_car::Mode::full) out.insert(out.end(), {"--mode", "full"});
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace

Program::Program(const std::string& file, const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment)
    : output_(memfd_create("output", MFD_CLOEXEC)) {
  std::vector<std::string> words{file};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment;
  variables.emplace_back("no_proxy=127.0.0.1");  // a proxy of the machine's has no business here
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output_, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output_, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  const int error = posix_spawn(&pid_, file.c_str(), &files, nullptr, pointers(words).data(),
                                pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return;
  pid_ = -1;
  ::close(output_);
  throw std::runtime_error("cannot start " + file);
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
  ::close(output_);
}

Ending Program::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) return {-1, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

std::string Program::output() const {
  std::string out(static_cast<std::size_t>(::lseek(output_, 0, SEEK_END)), '\0');
  const ssize_t size = ::pread(output_, out.data(), out.size(), 0);
  out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return out;
}

SyncProgram::SyncProgram(e2e::Harness& harness, const std::vector<std::string>& more)
    : Program(path_of_program(), sync_arguments(harness.settings(), more),
              {"CONFIGURATION_AUTH_CLIENTSECRET=" + harness.settings().defender.client_secret,
               "CAR_SERVICE_PASSWORD=" + harness.settings().car.password}) {}

void kill_and_see_dead(pid_t child) {
  ::kill(child, SIGKILL);
  siginfo_t info;
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) < 0 &&
         errno == EINTR) {
  }
}

}  // namespace sweep
