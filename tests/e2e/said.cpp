#include "said.h"

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace e2e {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string options_of(const defender_car::SyncSettings& settings) {
  return " --tenant-id " + settings.defender.tenant_id + " --client-id " +
         settings.defender.client_id + " --client-secret " + settings.defender.client_secret +
         " --login-url " + settings.defender.login_url + " --defender-url " +
         settings.defender.defender_url + " --graph-url " + settings.defender.graph_url +
         " --car-url " + settings.car.url + " --car-key " + settings.car.key + " --car-password " +
         settings.car.password + " --working-dir " + settings.working_dir.string();
}

}  // namespace

Said run_line(const std::string& line) {
  const TemporaryFolder folder;
  const std::string whole = line + " </dev/null >" + (folder.path() / "out").string() + " 2>" +
                            (folder.path() / "err").string();
  const int status = std::system(whole.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(folder.path() / "out"),
          text_of(folder.path() / "err")};
}

Said run_program(const std::string& words) {
  const char* program = std::getenv("DEFENDER_CAR_PROGRAM");
  if (program == nullptr) throw std::runtime_error("DEFENDER_CAR_PROGRAM names no program");
  return run_line(std::string(program) + " " + words);
}

std::string ask(const std::filesystem::path& database, const std::string& query) {
  const Said said = run_line("sqlite3 '" + database.string() + "' \"" + query + "\"");
  return said.out + said.err;
}

Said say(const Harness& harness, const std::string& words) {
  return run_program(words + options_of(harness.settings()));
}

bool has_refused(const std::filesystem::path& database) {
  return ask(database,
             "SELECT EXISTS (SELECT 1 FROM refused_vertex) OR EXISTS (SELECT 1 FROM refused_edge)"
             " OR EXISTS (SELECT 1 FROM refused_change) OR EXISTS (SELECT 1 FROM refusal)") ==
         "1\n";
}

}  // namespace e2e
