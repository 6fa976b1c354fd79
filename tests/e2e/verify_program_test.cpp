// verify as a person calls it: exit codes, what it prints, the shape of its JSON, and a repair that
// is killed at any of its requests to CAR.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "shape.h"
#include "verifying.h"

using namespace e2e;
using simulator::CarService;
using simulator::RequestStage;

namespace {

struct Ended {
  int code = -1;  // -1: killed
  std::string output;
};

Scenario few() {
  Scenario scenario;
  scenario.seed = 9;
  scenario.machines = 12;
  return scenario;
}

/// `defender-car verify …` on the harness' folder; killed with SIGKILL when `kill_at` requests to
/// CAR's v2 have come so far as `stage`; -1: not at all.
Ended run_verify(Harness& harness, const std::vector<std::string>& more, int kill_at = -1,
                 RequestStage stage = RequestStage::arrived) {
  const auto& settings = harness.settings();
  std::vector<std::string> words{std::getenv("DEFENDER_CAR_PROGRAM"),
                                 "verify",
                                 "--car-url",
                                 settings.car.url,
                                 "--car-key",
                                 settings.car.key,
                                 "--car-password",
                                 settings.car.password,
                                 "--working-dir",
                                 settings.working_dir.string()};
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  TemporaryFolder folder;
  const std::string output = (folder.path() / "output").string();
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), O_CREAT | O_WRONLY, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // The program waits for the watch's lock before it can ask anything of the simulator.
  pid_t child = 0;
  int seen = 0;
  REQUIRE(posix_spawn(&child, arguments[0], &files, nullptr, arguments.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&files);
  harness.simulator().set_request_watch([&, child](RequestStage at) {
    if (at == stage && kill_at >= 0 && seen++ == kill_at) {
      kill(child, SIGKILL);
      return at != RequestStage::arrived;
    }
    return true;
  });
  int status = 0;
  waitpid(child, &status, 0);
  harness.simulator().set_request_watch({});
  std::ifstream stream(output);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          {std::istreambuf_iterator<char>(stream), {}}};
}

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("verify as a command: exit codes, words and the shape of its JSON", "[verify]") {
  if (std::getenv("DEFENDER_CAR_PROGRAM") == nullptr) return;
  Harness harness(few());
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const Ended equal = run_verify(harness, {});
  CHECK(equal.code == 0);
  CHECK(has(equal.output, "CAR holds what the state file says."));
  plant_some_of_all(harness, false);
  const Ended drift = run_verify(harness, {});
  CHECK(drift.code == 4);
  CHECK(has(drift.output, "unexpected  asset "));
  CHECK(has(drift.output, "made-by-hand"));
  const std::string format = "--format=json";
  for (const std::vector<std::string>& form : std::vector<std::vector<std::string>>{
           {}, {"--sample", "2"}, {"--repair", "--max-deletes", "0"}, {"--repair"}, {"--repair"}}) {
    std::vector<std::string> words = form;
    words.push_back(format);
    const Ended ended = run_verify(harness, words);
    INFO(ended.code << " " << ended.output);
    CHECK(shape_fault(ended.output, "verify") == "");
  }
  CHECK(run_verify(harness, {}).code == 0);
  harness.simulator().with_car([](CarService& car) { car.options().query.available = false; });
  CHECK(run_verify(harness, {}).code == 10);
  CHECK(run_verify(harness, {"--source", "another"}).code == 2);
  harness.simulator().with_car([](CarService& car) { car.options().query.available = true; });
  plant_some_of_all(harness, false);
  CHECK(run_verify(harness, {"--repair", "--max-deletes", "0"}).code == 12);
}

TEST_CASE("A repair killed at any of its requests is finished by the next sync", "[verify]") {
  if (std::getenv("DEFENDER_CAR_PROGRAM") == nullptr) return;
  Harness harness(few());
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  for (const RequestStage stage : {RequestStage::arrived, RequestStage::carried_out}) {
    int killed = 0;
    for (int at = 26;; at += 2) {  // about where it has read and begins to write
      plant_some_of_all(harness, false);
      Ended ended;
      harness.disturbed([&] { ended = run_verify(harness, {"--repair"}, at, stage); });
      INFO("killed at " << at << ", code " << ended.code);
      const auto sync = harness.sync(Reading::incremental);
      INFO(describe(sync));
      CHECK(sync.outcome == defender_car::RunOutcome::done);
      // One that came to read only has told nobody what it saw: the drift is still there.
      if (sync.run_id > 0 && verified(harness).differs()) CHECK(repaired(harness).repair);
      harness.simulator().with_car(
          [](CarService& car) { car.graph().source(kAnother).vertices.clear(); });
      CHECK(joined(harness.violations()) == "");
      CHECK(joined(harness.differences()) == "");
      CHECK_FALSE(verified(harness).differs());
      if (ended.code >= 0) break;
      ++killed;
    }
    CHECK(killed > 2);
  }
}
