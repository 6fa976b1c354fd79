// measure FILE COMMAND [ARGUMENT…]: runs the command and writes what it cost to FILE as JSON: user,
// system and wall seconds, peak memory in KiB. Ends with the command's exit code.
//
// Small on purpose: until it starts, the command's peak is that of the process that forked it.
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double wall_clock() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

int complain(const char* what) {
  std::fprintf(stderr, "measure: %s: %s\n", what, std::strerror(errno));
  return 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::fprintf(stderr, "usage: measure FILE COMMAND [ARGUMENT...]\n");
    return 2;
  }
  const double begin = wall_clock();
  const pid_t child = fork();
  if (child < 0) return complain("fork");
  if (child == 0) {
    execvp(words[2], words + 2);
    _exit(complain(words[2]));
  }
  int status = 0;
  rusage cost{};
  if (wait4(child, &status, 0, &cost) != child) return complain("wait4");
  const double wall = wall_clock() - begin;
  std::FILE* file = std::fopen(words[1], "w");
  if (file == nullptr) return complain(words[1]);
  std::fprintf(file, "{\"user\":%.6f,\"system\":%.6f,\"wall\":%.6f,\"peak_kib\":%ld}\n",
               seconds(cost.ru_utime), seconds(cost.ru_stime), wall, cost.ru_maxrss);
  if (std::fclose(file) != 0) return complain(words[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
