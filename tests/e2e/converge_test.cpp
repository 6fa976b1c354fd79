// The promise behind all others: after any finished run, CAR's active graph is what the oracle
// derives from what Defender said; a quiet run writes nothing; a full import from nothing ends
// where the chain of incremental runs ended.
//
//   DEFENDER_CAR_FIRST_SEED=17 DEFENDER_CAR_SEEDS=1 e2e_converge_test   runs one seed again
//   DEFENDER_CAR_LOG=1 shows the engine's log, DEFENDER_CAR_KEEP=1 keeps the working folders
#include <catch2/catch.hpp>
#include <map>

#include "life.h"

using namespace e2e;
using defender_car::Operation;
using defender_car::RunMode;
using defender_car::RunReport;

namespace {

/// What all runs sent, to see that the lives had something to show.
std::map<Operation, int64_t> sent_so_far;

void count_sent(const RunReport& report) {
  if (report.mode != RunMode::incremental) return;
  for (const auto& sent : report.sent) sent_so_far[sent.operation] += sent.count;
}

}  // namespace

TEST_CASE("A life of some days ends as the oracle says after every run", "[converge]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    Scenario scenario = scenario_of(seed);
    scenario.tls = seed % 8 == 3;
    const std::vector<std::string> problems = Life(scenario, count_sent).live(6, 30);
    INFO(describe(scenario) << joined(problems));
    CHECK(problems.empty());
  }
  if (seeds.count < 10) return;
  for (const Operation operation : {Operation::vertex, Operation::edge, Operation::touch,
                                    Operation::disable, Operation::delete_asset}) {
    INFO(defender_car::kOperations(operation) << " by incremental runs");
    CHECK(sent_so_far[operation] > 0);
  }
}

TEST_CASE("Weeks go by and the borders of seven and fifteen and thirty days are crossed",
          "[converge]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + (seeds.count + 4) / 5; ++seed) {
    Scenario scenario = scenario_of(seed);
    scenario.seed += 1000;
    const std::vector<std::string> problems = Life(scenario, count_sent).live(8, 24 * 9);
    INFO(describe(scenario) << joined(problems));
    CHECK(problems.empty());
  }
}
