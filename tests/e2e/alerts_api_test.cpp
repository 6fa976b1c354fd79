// Alerts by Defender's own list or by Graph's: the same graph by either way, and a change of the
// list loses nothing that the new one does not say.
#include <catch2/catch.hpp>

#include "audit/state.h"
#include "guarded.h"
#include "life.h"
#include "run/state_settings.h"
#include "said.h"

using namespace e2e;
using defender_car::AlertsApi;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;
using simulator::Tenant;

namespace {

void grant(Harness& harness) {
  harness.simulator().with_login([](auto& login) {
    login.options().graph_roles.emplace_back("SecurityAlert.Read.All");
    login.forget_tokens();
  });
}

void refuse_defenders(Harness& harness, int status) {
  harness.simulator().with_defender([&](auto& defender) {
    defender.options().alerts = false;
    defender.options().no_alerts_status = status;
  });
}

void answer_again(Harness& harness) {
  harness.simulator().with_defender([](auto& defender) { defender.options().alerts = true; });
}

bool asked(Harness& harness, const std::string& path) {
  for (const auto& request : harness.simulator().requests())
    if (request.target.find(path) != std::string::npos) return true;
  return false;
}

std::string stored(const Harness& harness, defender_car::StateSetting name) {
  defender_car::Database state = defender_car::open_state({harness.settings().working_dir});
  return defender_car::StateSettings(state).get(name);
}

void check_good(Harness& harness, const RunReport& report) {
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

/// Ids of open alerts that CAR holds an edge to, some of them.
std::set<std::string> some_held_alerts(Harness& harness, size_t count) {
  std::set<std::string> ids;
  const Tenant tenant = harness.simulator().tenant();
  for (const std::string& line : harness.held("asset_vulnerability|"))
    for (const auto& [id, alert] : tenant.alerts)
      if (ids.size() < count && line.find(id) != std::string::npos) ids.insert(id);
  REQUIRE(ids.size() == count);
  return ids;
}

}  // namespace

TEST_CASE("The same alerts by either list give the same graph, back and forth", "[alerts_api]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + (seeds.count + 2) / 3; ++seed) {
    Scenario scenario = scenario_of(seed);
    INFO(describe(scenario));
    Harness harness(scenario);
    grant(harness);
    harness.simulator().with_defender([&](auto& defender) {
      defender.options().graph_takes_ne = seed % 3 != 0;
      defender.options().graph_next_links = seed % 2 == 0;
    });
    if (seed % 4 == 1) harness.settings().defender_limits.page_size = 7;
    harness.settings().alerts_api = seed % 2 == 0 ? AlertsApi::graph : AlertsApi::defender;
    check_good(harness, harness.sync(Reading::full));
    for (int step = 0; step < 5; ++step) {
      INFO("step " << step);
      harness.simulator().live(1 + static_cast<int>((seed + 7 * static_cast<uint64_t>(step)) % 40));
      if (step != 2)
        harness.settings().alerts_api = harness.settings().alerts_api == AlertsApi::graph
                                            ? AlertsApi::defender
                                            : AlertsApi::graph;
      check_good(harness, harness.sync(Reading::incremental));
      CHECK(stored(harness, defender_car::StateSetting::alerts_api) ==
            (harness.settings().alerts_api == AlertsApi::graph ? "graph" : "defender"));
      check_good(harness, harness.sync(Reading::incremental));
      CHECK(joined(harness.writes_to_car()) == "");
    }
    harness.settings().mode = Mode::full;
    check_good(harness, harness.sync(Reading::full));
  }
}

TEST_CASE("A life by Graph's list alone ends as the oracle says after every run", "[alerts_api]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = seeds.first; seed < seeds.first + (seeds.count + 9) / 10; ++seed) {
    const Scenario scenario = scenario_of(seed);
    Life life(scenario, [](const RunReport&) {});
    grant(life.harness());
    life.harness().settings().alerts_api = AlertsApi::graph;
    const std::vector<std::string> problems = life.live(4, 30);
    INFO(describe(scenario) << joined(problems));
    CHECK(problems.empty());
  }
}

TEST_CASE("Alerts of Graph's that cannot be used are set aside and take nothing away",
          "[alerts_api]") {
  Harness harness(fleet(40));
  grant(harness);
  harness.settings().alerts_api = AlertsApi::graph;
  check_good(harness, harness.sync(Reading::full));
  const std::set<std::string> odd = some_held_alerts(harness, 3);
  const std::vector<std::map<std::string, std::string>> raw{
      {{"machineId", "7"}}, {{"title", "[1]"}}, {{"lastUpdateTime", "\"soon\""}}};
  harness.simulator().with_tenant([&](Tenant& tenant) {
    auto next = raw.begin();
    for (const std::string& id : odd) {
      tenant.alerts.at(id).raw_fields = *next++;
      tenant.alerts.at(id).last_update_ms = tenant.now_ms;
    }
  });
  harness.settings().mode = Mode::full;
  const auto before = harness.held("asset_vulnerability|");
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.set_aside >= 3);
  for (const std::string& line : before)
    for (const std::string& id : odd)
      if (line.find(id) != std::string::npos)
        CHECK(harness.held("asset_vulnerability|").contains(line));
}

TEST_CASE("auto goes over when Defender's list refuses for good, and stays", "[alerts_api]") {
  const int status = GENERATE(403, 404, 410);
  INFO(status);
  Harness harness(fleet(40));
  grant(harness);
  check_good(harness, harness.sync(Reading::full));
  CHECK_FALSE(asked(harness, "/alerts_v2"));
  harness.simulator().live(20);
  refuse_defenders(harness, status);
  const RunReport over = harness.sync(Reading::incremental);
  check_good(harness, over);
  CHECK(describe(over).find("alerts are read from Graph's alerts_v2") != std::string::npos);
  harness.simulator().live(5);
  answer_again(harness);
  check_good(harness, harness.sync(Reading::incremental));
  CHECK(asked(harness, "lastUpdateDateTime"));
  CHECK_FALSE(asked(harness, "/api/alerts"));

  harness.simulator().live(5);
  harness.simulator().with_defender([](auto& defender) {
    defender.options().graph_alerts = false;
    defender.options().no_alerts_status = 403;
  });
  check_good(harness, harness.sync(Reading::incremental));
  CHECK(stored(harness, defender_car::StateSetting::alerts_api) == "defender");
}

TEST_CASE("auto does not go over without the permission or upon a refusal of something between",
          "[alerts_api]") {
  Harness harness(fleet(40));
  check_good(harness, harness.sync(Reading::full));
  harness.simulator().live(10);
  refuse_defenders(harness, 410);
  const RunReport refused = harness.disturbed_sync();
  CHECK(refused.failure);
  CHECK(refused.error.find("SecurityAlert.Read.All") != std::string::npos);
  CHECK_FALSE(asked(harness, "/alerts_v2"));

  grant(harness);
  answer_again(harness);
  harness.simulator().add_fault({.match = "/api/alerts",
                                 .kind = FaultKind::status,
                                 .status = GENERATE(403, 404, 410),
                                 .body = "<html>proxy</html>"});
  CHECK(harness.disturbed_sync().failure);
  CHECK_FALSE(asked(harness, "/alerts_v2"));
  harness.simulator().clear_faults();
  check_good(harness, harness.sync(Reading::incremental));
}

TEST_CASE("What the new list lacks is withheld until it is allowed", "[alerts_api]") {
  const bool whole_run = GENERATE(false, true);
  INFO(whole_run);
  Harness harness(fleet(60));
  grant(harness);
  check_good(harness, harness.sync(Reading::full));
  const std::set<std::string> lacking = some_held_alerts(harness, 2);
  harness.simulator().with_defender(
      [&](auto& defender) { defender.options().graph_lacks = lacking; });
  harness.settings().alerts_api = AlertsApi::graph;
  harness.settings().mode = whole_run ? Mode::full : Mode::automatic;
  const auto before = harness.held("asset_vulnerability|");
  const RunReport held = harness.disturbed_sync();
  INFO(describe(held));
  REQUIRE(held.failure);
  CHECK(*held.failure == ErrorKind::guard);
  CHECK(held.error.find(*lacking.begin()) != std::string::npos);
  CHECK(harness.held("asset_vulnerability|") == before);
  CHECK(joined(harness.violations()) == "");
  CHECK(stored(harness, defender_car::StateSetting::alerts_api) == "defender");

  harness.simulator().with_tenant([&](Tenant& tenant) {
    for (const std::string& id : lacking) tenant.alerts.erase(id);
  });
  harness.settings().mode = Mode::automatic;
  harness.settings().allow_once = token_of(held);
  const RunReport allowed = harness.sync_either_way();
  INFO(describe(allowed));
  CHECK_FALSE(allowed.failure);
  CHECK(stored(harness, defender_car::StateSetting::alerts_api) == "graph");
  for (const std::string& line : harness.held("asset_vulnerability|"))
    for (const std::string& id : lacking) CHECK(line.find(id) == std::string::npos);
}

TEST_CASE("Whatever happens while the list changes, the next run ends as the oracle says",
          "[alerts_api]") {
  struct Trouble {
    const char* match;
    FaultKind kind;
    int status = 500;
    int skip = 0;
  };
  const auto trouble = GENERATE(values<Trouble>({
      {"/alerts_v2", FaultKind::status, 500},
      {"/alerts_v2", FaultKind::status, 429},
      {"/alerts_v2", FaultKind::status, 401},
      {"/alerts_v2", FaultKind::status, 400},
      {"/alerts_v2", FaultKind::truncated},
      {"/alerts_v2", FaultKind::malformed_json, 500, 1},
      {"/alerts_v2", FaultKind::reset_before, 500, 1},
      {"/alerts_v2", FaultKind::empty_json},
      {"/alerts_v2", FaultKind::empty_list},
      {"/alerts_v2", FaultKind::html200},
      {"POST /car", FaultKind::status, 500},
      {"PATCH /car", FaultKind::reset_after},
  }));
  INFO(trouble.match << " " << static_cast<int>(trouble.kind) << " " << trouble.status);
  Harness harness(fleet(40));
  grant(harness);
  harness.settings().defender_limits.page_size = 5;
  check_good(harness, harness.sync(Reading::full));
  harness.simulator().live(30);
  refuse_defenders(harness, 410);
  harness.simulator().add_fault({.match = trouble.match,
                                 .kind = trouble.kind,
                                 .skip = trouble.skip,
                                 .status = trouble.status,
                                 .retry_after = trouble.status == 429 ? "0" : ""});
  const RunReport disturbed = harness.disturbed_sync();
  INFO(describe(disturbed));
  CHECK(disturbed.failure);
  CHECK(joined(harness.violations()) == "");
  harness.simulator().clear_faults();
  check_good(harness, harness.sync_either_way());
}

TEST_CASE("check compares both lists, and a difference keeps auto with Defender's",
          "[alerts_api]") {
  Harness harness(fleet(40));
  grant(harness);
  check_good(harness, harness.sync(Reading::full));
  Said said = say(harness, "check");
  INFO(said.out << said.err);
  CHECK(said.exit_code == 0);
  CHECK(said.out.find("alerts by both lists: the same ids") != std::string::npos);

  harness.simulator().with_defender(
      [](auto& defender) { defender.options().graph_id_prefix = "da"; });
  said = say(harness, "check");
  CHECK(said.exit_code == 0);
  CHECK(said.out.find("they differ") != std::string::npos);
  refuse_defenders(harness, 403);
  const RunReport stayed = harness.disturbed_sync();
  INFO(describe(stayed));
  CHECK(stayed.failure == ErrorKind::forbidden);
  CHECK(stayed.error.find("they differ") != std::string::npos);
  CHECK_FALSE(asked(harness, "/alerts_v2"));
  CHECK(joined(harness.violations()) == "");

  answer_again(harness);
  harness.simulator().with_defender(
      [](auto& defender) { defender.options().graph_id_prefix.clear(); });
  CHECK(say(harness, "check").exit_code == 0);
  refuse_defenders(harness, 403);
  said = say(harness, "check");
  INFO(said.out);
  CHECK(said.exit_code == 0);
  check_good(harness, harness.sync(Reading::incremental));
  CHECK(asked(harness, "/alerts_v2"));
}

TEST_CASE("Thirty days before their end, check and status warn of services that a run still used",
          "[alerts_api]") {
  Scenario scenario = fleet(10);
  scenario.source = Source::retiring;
  Harness harness(scenario);
  const auto at = [&](std::int64_t day) {  // of January 2027
    harness.simulator().with_tenant(
        [&](Tenant& tenant) { tenant.now_ms = 1'798'761'600'000 + (day - 1) * simulator::day_ms; });
    harness.disturbed_sync();
  };
  const auto warned = [&](const std::string& command, const std::string& word) {
    const Said said = say(harness, command);
    INFO(command << "\n" << said.out << said.err);
    return said.out.find(word) != std::string::npos;
  };
  harness.sync(Reading::full);
  CHECK_FALSE(warned("status", "2027-02-01"));
  CHECK_FALSE(warned("check", "end of services"));
  at(1);
  CHECK_FALSE(warned("status", "2027-02-01"));
  at(3);
  for (const char* permission : {"ThreatHunting.Read.All", "SecurityAlert.Read.All"}) {
    CHECK(warned("status", permission));
    CHECK(warned("status --format json", permission));
  }
  CHECK(warned("check", "end of services on 2027-02-01"));
  harness.simulator().with_login([](auto& login) {
    login.options().graph_roles = {"SecurityAlert.Read.All", "ThreatHunting.Read.All"};
    login.forget_tokens();
  });
  harness.simulator().with_defender(
      [](auto& defender) { defender.options().graph_hunting = true; });
  harness.settings().alerts_api = AlertsApi::graph;
  harness.disturbed_sync();
  CHECK_FALSE(warned("status", "2027-02-01"));
}
