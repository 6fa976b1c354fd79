// What the audit says that CAR held at a past time, against what the simulator held then: over some
// days of life, for the end of every run and every edge, by the views and by explain_at().
//
//   DEFENDER_CAR_FIRST_SEED=17 DEFENDER_CAR_SEEDS=10 e2e_intervals_test   one seed in 19 has a life
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "audit/explain_at.h"
#include "audit/state.h"
#include "harness.h"
#include "said.h"

using namespace e2e;
using defender_car::ExplanationAt;
using defender_car::RunReport;

namespace {

/// CAR's graph when a run had ended.
struct Moment {
  std::string at;
  std::int64_t run_id = 0;
  std::set<std::string> edges;
};

class Life {
 public:
  explicit Life(const Scenario& scenario) : harness_(scenario), random_(scenario.seed) {}

  void live(int steps, int longest_hours) {
    for (int step = 0; step <= steps; ++step) {
      const bool full = step == 0 || step == steps;
      harness_.settings().mode = full ? defender_car::Mode::full : defender_car::Mode::automatic;
      note(harness_.sync(full ? Reading::full : Reading::incremental));
      harness_.simulator().live(1 +
                                static_cast<int>(random_() % static_cast<unsigned>(longest_hours)));
    }
  }

  std::filesystem::path state() const {
    return defender_car::WorkingDir{harness_.settings().working_dir}.state();
  }
  const std::vector<Moment>& moments() const { return moments_; }

 private:
  void note(const RunReport& report) {
    INFO(describe(report));
    REQUIRE(!report.failure);
    Moment moment{report.finished_at, report.run_id, {}};
    for (const std::string& line : harness_.held(""))
      if (line.find("|{") == std::string::npos) moment.edges.insert(line);
    moments_.push_back(std::move(moment));
  }

  Harness harness_;
  std::mt19937_64 random_;
  std::vector<Moment> moments_;
};

std::set<std::string> lines(const std::string& text) {
  std::set<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.insert(line);
  return out;
}

std::set<std::string> by_views(const std::filesystem::path& state, const std::string& at) {
  return lines(ask(state,
                   "SELECT edge || '|' || from_key || '|' || to_key FROM audit_interval "
                   "WHERE since <= '" +
                       at + "' AND (until IS NULL OR until > '" + at + "')"));
}

/// Intervals of one edge that overlap, or of a vertex; none may.
std::string overlaps(const std::filesystem::path& state) {
  return ask(
      state,
      "SELECT * FROM (SELECT edge, from_key, to_key, since, "
      "lag(coalesce(until, '9'), 1, '') OVER (PARTITION BY edge_id ORDER BY since) AS before "
      "FROM audit_interval) WHERE before > since "
      "UNION ALL SELECT * FROM (SELECT kind, key, '', since, "
      "lag(coalesce(until, '9'), 1, '') OVER (PARTITION BY vertex_id ORDER BY since) AS before "
      "FROM audit_vertex_interval) WHERE before > since");
}

/// The edges between a machine and something else, as explain_at() tells them.
std::set<std::string> by_explain(defender_car::Database& state, const Moment& moment,
                                 const std::string& machine) {
  const ExplanationAt answer =
      defender_car::explain_at(state, machine, defender_car::run_at(state, moment.at));
  REQUIRE(answer.run_id == moment.run_id);
  std::set<std::string> out;
  for (const auto& edge : answer.edges) {
    CHECK(edge.in_car);
    if (edge.from_kind == "asset") out.insert(edge.edge + "|" + edge.from_key + "|" + edge.to_key);
  }
  return out;
}

void compare_machines(const std::filesystem::path& file, const Life& life) {
  defender_car::Database state(file, defender_car::OpenMode::read_only);
  for (const std::string& machine :
       lines(ask(file, "SELECT key FROM vertex WHERE collection = 'asset'"))) {
    for (const Moment& moment : life.moments()) {
      std::set<std::string> held;
      for (const std::string& line : moment.edges) {
        const auto parts = simulator::split(line, '|');
        if (parts[0].starts_with("asset_") && parts[1] == machine) held.insert(line);
      }
      INFO(machine << " at " << moment.at);
      CHECK(by_explain(state, moment, machine) == held);
    }
  }
}

}  // namespace

TEST_CASE("the audit tells which edges CAR held at any time, and no others", "[intervals]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; seed += 19) {
    Scenario scenario = scenario_of(seed);
    scenario.machines = 16;
    scenario.software_rows = 4;
    Life life(scenario);
    life.live(6, 100);
    INFO(describe(scenario));
    for (const Moment& moment : life.moments()) {
      INFO("at the end of run " << moment.run_id << ", " << moment.at);
      CHECK(by_views(life.state(), moment.at) == moment.edges);
    }
    CHECK(overlaps(life.state()).empty());
    compare_machines(life.state(), life);
  }
}
