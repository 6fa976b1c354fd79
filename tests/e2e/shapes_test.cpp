// The documents of --format json have the shapes that docs/json promises, however a command ends.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "said.h"
#include "shape.h"

using namespace e2e;

namespace {

std::filesystem::path state_of(const Harness& harness) {
  return harness.settings().working_dir / "state.db";
}

Scenario small() {
  Scenario out;
  out.seed = 4;
  out.machines = 10;
  return out;
}

/// The document of a command, once it has the shape `name` and tells the program's exit code.
std::string shaped(const Harness& harness, const std::string& words, const std::string& name,
                   int exit_code) {
  const Said said = say(harness, words + " --format json");
  INFO(words << "\n" << said.out << said.err);
  CHECK(said.exit_code == exit_code);
  CHECK(shape_fault(said.out, name) == "");
  CHECK(said.out.find("\"exit_code\": " + std::to_string(exit_code) + ",") != std::string::npos);
  return said.out;
}

}  // namespace

TEST_CASE("Before the first run there is only an error", "[shapes]") {
  const Harness harness(small());
  shaped(harness, "status", "error", 2);
  shaped(harness, "runs", "error", 2);
  shaped(harness, "check", "check", 0);
}

TEST_CASE("A command line that cannot be understood", "[shapes]") {
  const Harness harness(small());
  shaped(harness, "sync --no-such-option", "error", 2);
  shaped(harness, "no-such-command", "error", 2);
  shaped(harness, "runs --limit many", "error", 2);
}

TEST_CASE("Good runs and what stands in the state after them", "[shapes]") {
  Harness harness(small());
  shaped(harness, "sync", "sync", 0);
  harness.simulator().live(24 * 3);
  const std::string sent = shaped(harness, "sync", "sync", 0);
  CHECK(sent.find("\"operation\": \"disable\"") != std::string::npos);
  shaped(harness, "sync --mode full", "sync", 0);
  shaped(harness, "status", "status", 0);
  shaped(harness, "runs", "runs", 0);
  shaped(harness, "runs --limit 1", "runs", 0);
  std::string machine =
      ask(state_of(harness), "SELECT key FROM vertex WHERE collection = 'asset' LIMIT 1");
  machine.pop_back();  // the line's end
  shaped(harness, "explain " + machine, "explain", 0);
  shaped(harness, "explain --at 2100-01-01 " + machine, "explain_at", 0);
  shaped(harness, "explain --at 2000-01-01 " + machine, "error", 2);
  shaped(harness, "explain --at yesterday " + machine, "error", 2);
  shaped(harness, "diff --at 2100-01-01 2100-01-02", "diff", 0);
  shaped(harness, "snapshots prune --dry-run", "snapshots", 0);
  const std::string copy = (harness.settings().working_dir / "copy.db").string();
  shaped(harness, "copy " + copy, "copy", 0);
  shaped(harness, "copy " + copy, "error", 2);  // never over another file
  CHECK(ask(copy, "PRAGMA integrity_check; SELECT max(run_id) FROM run") == "ok\n3\n");
  CHECK(std::filesystem::status(copy).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("A monitoring system gets one line and an exit code", "[shapes]") {
  Harness harness(small());
  const auto check = [&](const std::string& more, int exit_code) {
    const Said said = say(harness, "status --check " + more);
    INFO(said.out << said.err);
    CHECK(said.exit_code == exit_code);
    CHECK(said.err.empty());
    CHECK(std::count(said.out.begin(), said.out.end(), '\n') == 1);
    return said.out;
  };
  CHECK(check("", 3).starts_with("UNKNOWN - "));
  harness.sync(Reading::full);
  const std::string good = check("--warn-age 720h --critical-age 720h", 0);
  CHECK(good.starts_with("OK - in step, last success "));
  CHECK(good.find("s;2592000;2592000;0 'outbox'=0 'held'=0\n") != std::string::npos);
  CHECK(check("--no-such-option", 3).starts_with("UNKNOWN - "));
  harness.simulator().live(24 * 3);
  harness.settings().max_disables = {.count = 0};
  harness.disturbed_sync();
  CHECK(check("--warn-age 720h --critical-age 720h", 1).starts_with("WARNING - held back"));
}

TEST_CASE("Runs that fail, partly and at once", "[shapes]") {
  Harness harness(small());
  harness.simulator().add_fault({.match = "logonusers", .status = 403});
  CHECK(shaped(harness, "sync", "sync", 53).find("\"partial\"") != std::string::npos);
  harness.simulator().clear_faults();
  harness.simulator().add_fault({.match = "/oauth2/", .status = 403});
  shaped(harness, "sync", "sync", 50);
  CHECK(shaped(harness, "sync", "sync", 50).find("\"same_failure_count\": 2") != std::string::npos);
  shaped(harness, "check", "check", 50);
  shaped(harness, "status", "status", 0);
  shaped(harness, "runs", "runs", 0);
}

TEST_CASE("A guard stops a run", "[shapes]") {
  Harness harness(small());
  shaped(harness, "sync", "sync", 0);
  harness.simulator().live(24 * 3);
  const std::string held = shaped(harness, "sync --max-disables 0", "sync", 12);
  CHECK(held.find("\"held\"") != std::string::npos);
  shaped(harness, "status", "status", 0);
}
