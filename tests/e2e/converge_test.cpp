// The promise behind all others: after any finished run, CAR's active graph is what the oracle
// derives from what Defender said; a quiet run writes nothing; a full import from nothing ends
// where the chain of incremental runs ended.
//
//   DEFENDER_CAR_FIRST_SEED=17 DEFENDER_CAR_SEEDS=1 e2e_converge_test   runs one seed again
//   DEFENDER_CAR_LOG=1 shows the engine's log, DEFENDER_CAR_KEEP=1 keeps the working folders
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "harness.h"

using namespace e2e;
using defender_car::RunReport;

namespace {

/// What all runs sent, to see that the lives had something to show.
std::map<std::string, int64_t> sent_so_far;

void count_sent(const RunReport& report) {
  if (report.mode != "incremental") return;
  for (const auto& sent : report.sent) sent_so_far[sent.operation] += sent.count;
}

/// Runs one scenario through its days and collects what is wrong; stops at the first bad run, since
/// all after it would only repeat it.
class Life {
 public:
  explicit Life(const Scenario& scenario) : harness_(scenario), random_(scenario.seed) {}

  std::vector<std::string> live(int steps, int longest_hours) {
    good_run(Reading::full, "first run");
    quiet_run("quiet run after the first");
    for (int step = 1; step <= steps && problems_.empty(); ++step) {
      const int hours = 1 + static_cast<int>(random_() % static_cast<unsigned>(longest_hours));
      harness_.simulator().live(hours);
      lived_ += hours;
      good_run(Reading::incremental, "step " + std::to_string(step));
    }
    quiet_run("quiet run at the end");
    full_run();
    fresh_full_run();
    return problems_;
  }

 private:
  void good_run(Reading reading, const std::string& what) {
    if (!problems_.empty()) return;
    const RunReport report = harness_.sync(reading);
    count_sent(report);
    const std::string mode = reading == Reading::full ? "full" : "incremental";
    if (report.failure) problem(what + " failed", report);
    if (report.mode != mode) problem(what + " should be " + mode, report);
    if (report.outcome != "done") problem(what + " is not done", report);
    const std::vector<std::string> differing = harness_.differences();
    if (!differing.empty()) problem(what + " differs:" + joined(differing), report);
    if (!harness_.violations().empty())
      problem(what + " took away what is wanted:" + joined(harness_.violations()), report);
  }

  void quiet_run(const std::string& what) {
    good_run(Reading::incremental, what);
    const std::vector<std::string> writes = harness_.writes_to_car();
    if (problems_.empty() && !writes.empty())
      problems_.push_back(what + " (after " + std::to_string(lived_) +
                          " hours) wrote to CAR:" + joined(writes));
  }

  void full_run() {
    harness_.settings().mode = defender_car::Mode::full;
    good_run(Reading::full, "full import into the same state");
    harness_.settings().mode = defender_car::Mode::automatic;
    quiet_run("quiet run after the full import");
  }

  void fresh_full_run() {
    if (!problems_.empty()) return;
    harness_.forget_everything();
    good_run(Reading::full, "full import from nothing");
  }

  void problem(const std::string& what, const RunReport& report) {
    problems_.push_back(what + " (after " + std::to_string(lived_) + " hours)\n  " +
                        describe(report));
  }

  Harness harness_;
  std::mt19937_64 random_;
  int lived_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace

TEST_CASE("A life of some days ends as the oracle says after every run", "[converge]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const Scenario scenario = scenario_of(seed);
    const std::vector<std::string> problems = Life(scenario).live(6, 30);
    INFO(describe(scenario) << joined(problems));
    CHECK(problems.empty());
  }
  if (seeds.count < 10) return;
  for (const char* operation : {"vertex", "edge", "touch", "disable", "delete"}) {
    INFO(operation << " by incremental runs");
    CHECK(sent_so_far[operation] > 0);
  }
}

TEST_CASE("Weeks go by and the borders of seven and fifteen and thirty days are crossed",
          "[converge]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + (seeds.count + 4) / 5; ++seed) {
    Scenario scenario = scenario_of(seed);
    scenario.seed += 1000;
    const std::vector<std::string> problems = Life(scenario).live(8, 24 * 9);
    INFO(describe(scenario) << joined(problems));
    CHECK(problems.empty());
  }
}
