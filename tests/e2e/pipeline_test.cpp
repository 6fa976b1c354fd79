// How a run spends calls, connections and what it has under way: all counted by the simulator.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "harness.h"
#include "scenario.h"

namespace {

using defender_car::RunMode;
using defender_car::RunReport;
using e2e::describe;
using e2e::Harness;
using e2e::joined;
using e2e::Reading;
using e2e::Scenario;
using simulator::RequestRecord;

Scenario fleet(size_t machines, size_t software_rows) {
  Scenario out;
  out.seed = 5;
  out.machines = machines;
  out.software_rows = software_rows;
  out.oddities = false;
  return out;
}

/// Login, Defender and Graph, each try.
std::vector<RequestRecord> asked_of_defender(Harness& harness) {
  std::vector<RequestRecord> out = harness.simulator().requests();
  std::erase_if(out, [](const RequestRecord& request) { return request.service == "car"; });
  return out;
}

/// Of the list; a single machine is asked for by /api/machines/ID.
bool is_machine_page(const RequestRecord& request) {
  return request.service == "defender" && request.target.starts_with("/api/machines?");
}

bool asks_for_users(const RequestRecord& request) {
  return request.target.ends_with("/logonusers");
}

size_t unknown_to_hunting(Harness& harness) {
  const simulator::Tenant tenant = harness.simulator().tenant();
  return static_cast<size_t>(
      std::count_if(tenant.devices.begin(), tenant.devices.end(), [&](const auto& entry) {
        return tenant.now_ms - entry.second.last_seen_ms > 30 * simulator::day_ms;
      }));
}

std::string listed(const std::vector<RequestRecord>& requests) {
  std::vector<std::string> lines;
  for (const RequestRecord& request : requests)
    lines.push_back(request.service + " " + request.method + " " + request.target.substr(0, 100));
  return joined(lines);
}

/// A thousand machines report with another address and another user; nothing else happens.
void check_thousand_changes(Harness& harness) {
  harness.simulator().with_tenant(
      [](simulator::Tenant& tenant) { REQUIRE(tenant.touch(1'000) == 1'000); });
  const RunReport report = harness.sync(Reading::incremental);
  INFO(describe(report));
  REQUIRE_FALSE(report.failure);
  REQUIRE(report.mode == RunMode::incremental);
  std::vector<RequestRecord> calls = asked_of_defender(harness);
  std::erase_if(calls, is_machine_page);
  INFO(listed(calls));
  CHECK(calls.size() <= 12);
  CHECK(joined(harness.differences()) == "");
}

}  // namespace

// Hunting does not know who was not seen for 30 days: those are asked one by one, and only once
// (docs/services/defender.md); where they are many, a few in each run.
TEST_CASE("A full import of 10,000 devices makes at most 40 calls to Defender", "[calls]") {
  Harness harness(fleet(e2e::is_in_sample(1) ? 10'000 : 1'000, 10));  // fewer under the sanitizers
  const auto one_by_one = [&] {
    const std::vector<RequestRecord> calls = asked_of_defender(harness);  // of the last run
    return static_cast<size_t>(std::count_if(calls.begin(), calls.end(), asks_for_users));
  };
  RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  REQUIRE_FALSE(report.failure);
  const std::vector<RequestRecord> calls = asked_of_defender(harness);
  CHECK(report.defender_calls == static_cast<int64_t>(calls.size()));
  INFO(listed(calls));
  CHECK(calls.size() <= 40);

  size_t asked = one_by_one();
  for (int run = 0; report.outcome == defender_car::RunOutcome::partial; ++run) {
    REQUIRE(run < 5);
    report = harness.sync(Reading::incremental);
    INFO(describe(report));
    REQUIRE_FALSE(report.failure);
    CHECK(one_by_one() <= 100);
    asked += one_by_one();
  }
  CHECK(report.outcome == defender_car::RunOutcome::done);
  CHECK(report.mode == RunMode::full);
  CHECK(asked <= unknown_to_hunting(harness));
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("More machines that answer 404 than a run asks keep no run incomplete", "[calls]") {
  Harness harness(fleet(260, 2));
  harness.settings().logon_source = defender_car::LogonSource::hunting;
  const auto sync = [&] {
    harness.simulator().clear_faults();
    // Of users hunting knows nothing: its second and third answer, after the network's.
    harness.simulator().add_fault({.match = "runHuntingQuery",
                                   .kind = simulator::FaultKind::empty_list,
                                   .skip = 1,
                                   .count = 2});
    harness.simulator().add_fault({.match = "/logonusers", .status = 404});
    return harness.disturbed_sync();
  };
  std::vector<std::string> outcomes;
  std::set<std::string> asked;
  while (outcomes.size() < 3) {
    outcomes.push_back(defender_car::kRunOutcomes.text(sync().outcome));
    size_t calls = 0;
    for (const RequestRecord& request : asked_of_defender(harness)) {
      if (!asks_for_users(request)) continue;
      ++calls;
      asked.insert(request.target);
    }
    CHECK(calls == 100);
  }
  CHECK(outcomes == std::vector<std::string>{"partial", "partial", "done"});
  CHECK(asked.size() > 200);
  CHECK(joined(harness.violations()) == "");
}

TEST_CASE("An incremental run of 1,000 changes makes at most 12 calls besides the machine list",
          "[calls]") {
  // The second time the software of all is more than one answer holds and that of a thousand is
  // not, as at 100,000 devices.
  const size_t row_cap = GENERATE(100'000, 15'000);
  Harness harness(fleet(2'000, 10));
  harness.settings().defender_limits.row_cap = static_cast<int64_t>(row_cap);
  harness.simulator().with_defender(
      [&](auto& defender) { defender.options().limits.row_cap = row_cap; });
  const RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  REQUIRE_FALSE(report.failure);
  check_thousand_changes(harness);
}

TEST_CASE("Every request asks for a compressed answer and connections are kept", "[calls]") {
  Harness harness(fleet(300, 10));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  std::set<int> connections;
  for (const RequestRecord& request : harness.simulator().requests()) {
    INFO(request.service << " " << request.target);
    CHECK(request.takes_gzip);
    connections.insert(request.connection);
  }
  // Login, Defender, Graph and CAR are one host here, and no more than 8 were ever side by side. A
  // server may close one that was idle for some seconds, as it is on a slow machine.
  const size_t requests = harness.simulator().requests().size();
  INFO(requests << " requests on " << connections.size() << " connections");
  REQUIRE(requests > 40);
  CHECK(3 * connections.size() <= requests);
}

TEST_CASE("Imports keep to --car-concurrency, and vertices come before edges", "[car]") {
  const int concurrency = GENERATE(1, 3, 16);
  Scenario scenario = fleet(1'500, 10);
  scenario.job_polls = 3;
  Harness harness(scenario);
  harness.http_options().max_parallel = 32;
  harness.settings().car.concurrency = concurrency;
  const RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  REQUIRE_FALSE(report.failure);
  harness.simulator().with_car([&](simulator::CarService& car) {
    CHECK(car.counts().imports > 16);
    CHECK(car.counts().edges_beside_vertices == 0);
    CHECK(car.counts().most_open <= static_cast<size_t>(concurrency));
    // Several at a time: as many as there may be, but where there are not that many.
    CHECK(car.counts().most_open >= static_cast<size_t>(std::min(concurrency, 4)));
  });
  for (const RequestRecord& request : harness.simulator().requests())
    if (request.service == "car") CHECK(request.side_by_side <= concurrency);
}

TEST_CASE("PATCHes keep to --car-concurrency", "[car]") {
  const int concurrency = GENERATE(1, 3);
  Harness harness(fleet(60, 5));
  harness.settings().car.concurrency = concurrency;
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().with_tenant([](simulator::Tenant& tenant) { tenant.touch(40); });
  REQUIRE_FALSE(harness.sync(Reading::incremental).failure);
  int patches = 0;
  for (const RequestRecord& request : harness.simulator().requests()) {
    if (request.service != "car") continue;
    CHECK(request.side_by_side <= concurrency);
    patches += request.method == "PATCH" ? 1 : 0;
  }
  CHECK(patches > 10);
}
