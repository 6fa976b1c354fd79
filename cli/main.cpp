// The program: reads its options, sets up logging, runs the command, and turns what went wrong into
// an exit code.

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <exception>
#include <new>

#include "base/cancel.h"
#include "base/printable.h"
#include "base/version.h"
#include "cli/commands/commands.h"
#include "cli/commands/metrics.h"
#include "cli/commands/monitoring.h"
#include "cli/options/help.h"
#include "cli/options/options.h"
#include "cli/output/exit_code.h"
#include "cli/output/output.h"
#include "cli/output/terminal.h"
#include "cli/output/text.h"
#include "http/proxy.h"

namespace defender_car {
namespace {

/// To be called before anything else opens a file: where 0, 1 or 2 is closed, the next file or
/// connection would get its number, and log lines would go there. 2 is put on /dev/null. So are 0
/// and 1, to read only: output that nobody gets is a failed write.
void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest free number is given out, and those below are open by now.
    static_cast<void>(::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY));
  }
}

/// No core file holds a secret, what is made is its owner's alone, and a closed connection or
/// a file at its limit (ulimit -f) is an error code.
void prepare_process() {
  open_standard_descriptors();
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  install_cancel_signals();
  keep_proxy_secrets();
}

std::optional<std::string> environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

void print_error(std::string_view message) {
  write_error("defender-car: " + std::string(message) + "\n");
}

int fail(const Error& error, std::string_view command, bool json) {
  print_error(error.what());
  if (json) write_out(error_json(command, error));
  return exit_code(error.kind());
}

/// What is being handled, as an error that a person can use.
Error caught() {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::internal,
                 "memory ran out; the next run goes on from here: free some or raise the limit "
                 "(ulimit -v), then run again");
  } catch (const std::exception& e) {
    return Error(ErrorKind::internal, std::string("internal error: ") + e.what());
  }
}

/// "alice on host1"; "alice as root on host1" where sudo stands between.
std::string invoking_user() {
  const ::passwd* entry = ::getpwuid(::geteuid());
  const std::string user = entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
  const std::string person = environment("SUDO_USER").value_or(user);
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {"an unknown host"};
  return printable(person, 64) + (person == user ? "" : " as " + user) + " on " + host.data();
}

bool takes_escapes() {
  const std::string kind = environment("TERM").value_or("");
  return !kind.empty() && kind != "dumb";
}

Style style_of(const Options& options) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool wanted = environment("NO_COLOR").value_or("").empty() && terminal && takes_escapes();
  return {.color = options.color == ColorChoice::always ||
                   (options.color == ColorChoice::automatic && wanted),
          .width = terminal ? terminal_columns(STDOUT_FILENO) : 0};
}

int run_command(const Session& session) {
  const CommandSpec& command = command_spec(session.options.command);
  try {
    return command.run(session);
  } catch (const std::exception&) {
    session.log.release({});
    return fail(caught(), command.name, session.options.format == Format::json);
  }
}

int run(const Options& options) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  Log log(options.log, terminal);
  for (const std::string& warning : options.warnings) spdlog::warn("{}", warning);
  const auto begin = std::chrono::steady_clock::now();
  const int code =
      run_command({options, log, terminal, terminal && takes_escapes(), style_of(options)});
  if (options.command == Command::sync && !options.metrics_file.empty()) {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    write_metrics(options.metrics_file, options.settings, code, taken.count());
  }
  return code;
}

int main_with(const std::vector<std::string>& arguments) {
  Options options;
  try {
    options = read_options(arguments, {environment, ::geteuid() == 0, invoking_user()});
    if (options.help || options.version) {
      const std::size_t columns = terminal_columns(STDOUT_FILENO);
      write_out(options.version         ? std::string(kProgram) + "\n"
                : options.command_given ? help_page(command_spec(options.command), columns)
                                        : help_page(columns));
      return 0;
    }
  } catch (const Error& e) {
    if (asks_for_monitoring(arguments)) return print_unknown(e.what());
    return fail(e, "", asks_for_json(arguments));
  }
  return run(options);
}

}  // namespace
}  // namespace defender_car

int main(int argc, char** argv) {
  try {
    defender_car::prepare_process();
    return defender_car::main_with({argv + 1, argv + argc});
  } catch (const std::exception&) {
    return defender_car::fail(defender_car::caught(), "", false);
  }
}
