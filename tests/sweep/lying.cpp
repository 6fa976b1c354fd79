#include "lying.h"

#include <catch2/catch.hpp>

namespace lying {

using defender_car::Mode;
using defender_car::RunReport;
using e2e::Harness;

sweep::Tally& tally() {
  static sweep::Tally tally("lies");
  return tally;
}

std::unique_ptr<Harness> some_hours_on(e2e::Scenario scenario, int hours) {
  for (;; ++scenario.seed) {
    auto harness = std::make_unique<Harness>(scenario);
    // Left to itself the engine would go over to the retiring hunting where Graph refuses.
    if (scenario.source != e2e::Source::retiring)
      harness->settings().hunting_api = defender_car::HuntingApi::graph;
    const RunReport first = harness->sync(e2e::Reading::full);
    INFO(e2e::describe(first));
    REQUIRE_FALSE(first.failure);
    harness->simulator().live(hours);
    if (harness->simulator().tenant().retired.empty()) return harness;
  }
}

void tell_the_truth(Harness& harness) {
  harness.simulator().with_defender([](auto& defender) { defender.lies().stop(); });
  harness.simulator().clear_faults();
}

std::string wrong_removals(const Harness& harness, const std::set<std::string>& but) {
  std::vector<std::string> wrong;
  for (const std::string& line : harness.violations()) {  // "edge …: asset_user|FROM|TO"
    const size_t begin = line.find(": ") + 2;
    if (!but.contains(line.substr(begin, line.find('|') - begin))) wrong.push_back(line);
  }
  tally().wrong_removals(wrong.size());
  return e2e::joined(wrong);
}

void check_convergence(Harness& harness, bool everything, const std::set<std::string>& but) {
  harness.settings().mode = everything ? Mode::full : Mode::automatic;
  const RunReport next = harness.sync_either_way();
  INFO("then " << e2e::describe(next));
  CHECK_FALSE(next.failure);
  CHECK(wrong_removals(harness, but) == "");
  const std::string differences = e2e::joined(harness.differences());
  CHECK(differences == "");
  harness.settings().mode = Mode::automatic;
  const RunReport quiet = harness.sync_either_way();
  INFO("then " << e2e::describe(quiet));
  CHECK_FALSE(quiet.failure);
  const std::string writes = e2e::joined(harness.writes_to_car());
  CHECK(writes == "");
  if (next.failure || quiet.failure || !differences.empty() || !writes.empty())
    tally().not_converged();
}

}  // namespace lying
