// Defender's quotas: calls are counted over runs, a killed one included, and with a share of them
// (--budget-share) runs take what matters first and go on where the last one's share ended.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

#include "audit/history.h"
#include "base/time.h"
#include "said.h"
#include "shape.h"

using namespace e2e;
using defender_car::CallFamily;
using defender_car::ErrorKind;
using defender_car::RunMode;
using defender_car::RunReport;

namespace {

constexpr defender_car::EpochMs kHour = 3'600'000;

/// Puts this machine's clock forward, and right again at the end.
class Clock {
 public:
  ~Clock() { defender_car::put_system_clock_wrong(0); }
  void forward(defender_car::EpochMs by) { defender_car::put_system_clock_wrong(by_ += by); }

 private:
  defender_car::EpochMs by_ = 0;
};

Scenario tenant(size_t machines) {
  Scenario out;
  out.seed = 12;
  out.machines = machines;
  out.logon = defender_car::LogonSource::api;
  out.software_rows = 3;
  return out;
}

defender_car::CallQuota& quota(Harness& harness, CallFamily family) {
  return harness.settings().call_quotas.of[static_cast<size_t>(family)];
}

std::int64_t asked(Harness& harness, const std::string& piece) {
  const auto requests = harness.simulator().requests();
  return std::count_if(requests.begin(), requests.end(), [&](const auto& request) {
    return request.target.find(piece) != std::string::npos;
  });
}

std::string state_of(const RunReport& report, const std::string& name) {
  for (const auto& dataset : report.datasets)
    if (dataset.name == name) return defender_car::kDatasetStates.text(dataset.state);
  return "";
}

std::string problem_of(const RunReport& report, const std::string& name) {
  for (const auto& dataset : report.datasets)
    if (dataset.name == name) return dataset.problem;
  return "";
}

std::int64_t last_hour(const Harness& harness, const std::string& family) {
  for (const auto& count : defender_car::read_status(harness.settings().working_dir).calls)
    if (count.family == family) return count.last_hour;
  return -1;
}

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("A first import that its share does not hold goes on over the runs", "[budget]") {
  Clock clock;
  Harness harness(tenant(300));
  harness.settings().budget_share = 0.5;
  quota(harness, CallFamily::users) = {1'000, 250};
  std::int64_t in_all = 0;
  int runs = 0;
  RunReport report;
  do {
    report = harness.sync_either_way();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(joined(harness.violations()) == "");
    const std::int64_t calls = asked(harness, "/logonusers");
    CHECK(calls <= 100);  // of 125, four fifths
    in_all += calls;
    CHECK(last_hour(harness, "users") == calls);
    if (state_of(report, "users") == "incomplete") {
      CHECK(report.outcome == defender_car::RunOutcome::partial);
      CHECK(contains(problem_of(report, "users"), "were not asked for their logon users"));
      CHECK(contains(problem_of(report, "users"), "(--budget-share 0.5: 100 of 250 an hour)"));
      CHECK(contains(problem_of(report, "users"), "they will be through at about 20"));
      // Within the hour nobody is asked.
      const RunReport again = harness.sync_either_way();
      CHECK(again.outcome == defender_car::RunOutcome::partial);
      CHECK(asked(harness, "/logonusers") == 0);
    }
    clock.forward(kHour + 20'000);
  } while (report.outcome == defender_car::RunOutcome::partial && ++runs < 10);
  INFO(describe(report));
  CHECK(report.outcome == defender_car::RunOutcome::done);
  CHECK(report.mode == RunMode::full);  // the first that finds all complete
  CHECK(runs >= 2);
  CHECK(in_all <= 310);  // no machine twice, but for those that answer 404
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("Without a share nothing is held back and all is counted", "[budget]") {
  Harness harness(tenant(40));
  quota(harness, CallFamily::users) = {1, 1};
  quota(harness, CallFamily::hunting) = {1, 1};
  const RunReport report = harness.sync(Reading::full);
  CHECK(report.outcome == defender_car::RunOutcome::done);
  CHECK(joined(harness.differences()) == "");
  CHECK(last_hour(harness, "users") == asked(harness, "/logonusers"));
  CHECK(last_hour(harness, "hunting") == asked(harness, "/runHuntingQuery"));
  CHECK(last_hour(harness, "alerts") == asked(harness, "/api/alerts"));
  CHECK(last_hour(harness, "machines") == asked(harness, "/api/machines?"));
  CHECK(last_hour(harness, "vulnerabilities") == 0);
}

TEST_CASE("A minute's share makes a run wait, and no more than that", "[budget]") {
  Harness harness(tenant(30));
  harness.settings().budget_share = 0.5;
  harness.settings().call_quotas.minute_ms = 1'000;
  harness.settings().call_quotas.slice_ms = 100;
  quota(harness, CallFamily::users) = {20, 10'000};
  const auto begun = std::chrono::steady_clock::now();
  const RunReport report = harness.sync(Reading::full);
  const auto took = std::chrono::steady_clock::now() - begun;
  INFO(describe(report));
  CHECK(report.outcome == defender_car::RunOutcome::done);
  const std::int64_t calls = asked(harness, "/logonusers");
  REQUIRE(calls > 20);
  CHECK(took >= (calls - 1) / 10 * std::chrono::milliseconds(1'000));
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("What matters first comes first, the rest by age", "[budget]") {
  Harness harness(tenant(12));
  const auto order = [&](const std::string& piece, bool last) {
    std::vector<size_t> at;
    const auto requests = harness.simulator().requests();
    for (size_t i = 0; i < requests.size(); ++i)
      if (requests[i].target.find(piece) != std::string::npos) at.push_back(i);
    REQUIRE_FALSE(at.empty());
    return last ? at.back() : at.front();
  };
  harness.simulator().add_fault({.match = "/runHuntingQuery", .skip = 1});
  CHECK(harness.disturbed_sync().failure ==
        ErrorKind::defender);  // users are read, the rest is not
  CHECK(order("/api/machines?", true) < order("/api/alerts", false));
  CHECK(order("/api/alerts", true) < order("/runHuntingQuery", false));
  CHECK(order("/logonusers", true) < order("/runHuntingQuery", true));
  harness.simulator().clear_faults();
  harness.settings().mode = defender_car::Mode::full;
  CHECK_FALSE(harness.sync(Reading::full).failure);
  CHECK(order("/runHuntingQuery", true) < order("/logonusers", false));
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("Hunting in parts is begun only where the share has room for all of them", "[budget]") {
  Clock clock;
  Harness harness(tenant(40));
  harness.settings().defender_limits.row_cap = 60;
  harness.simulator().with_defender(
      [](simulator::DefenderService& service) { service.options().limits.row_cap = 60; });
  harness.settings().budget_share = 1;
  quota(harness, CallFamily::hunting) = {1'000, 10};
  RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  CHECK(state_of(report, "network") == "complete");  // in eight parts
  CHECK(state_of(report, "vulnerabilities") == "incomplete");
  CHECK(asked(harness, "/runHuntingQuery") == 9);
  CHECK(report.outcome == defender_car::RunOutcome::partial);
  CHECK_FALSE(report.failure);

  clock.forward(kHour + 20'000);
  quota(harness, CallFamily::hunting) = {1'000, 5};
  report = harness.sync_either_way();
  INFO(describe(report));
  CHECK(contains(problem_of(report, "vulnerabilities"), "never has room for the 8 that it takes"));
  CHECK(joined(harness.violations()) == "");

  quota(harness, CallFamily::hunting) = {1'000, 100};
  report = harness.sync_either_way();
  INFO(describe(report));
  CHECK(report.outcome == defender_car::RunOutcome::done);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("Without room for the machine list the run has failed and sent nothing", "[budget]") {
  Clock clock;
  Harness harness(tenant(12));
  harness.settings().budget_share = 1;
  quota(harness, CallFamily::machines) = {1'000, 2};
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::budget);
  CHECK(report.outcome == defender_car::RunOutcome::failed);
  CHECK(contains(report.error, "nothing is sent in this run"));
  CHECK(contains(report.error, "is used up; there is room again at 20"));
  CHECK(joined(harness.writes_to_car()) == "");
  clock.forward(kHour + 20'000);
  CHECK_FALSE(harness.sync(Reading::incremental).failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("Machines that do not tell their users let others go first", "[budget]") {
  Clock clock;
  Harness harness(tenant(30));
  harness.settings().budget_share = 1;
  quota(harness, CallFamily::users) = {1'000, 10};
  const auto machines = [&] {
    std::set<std::string> ids;
    for (const auto& request : harness.simulator().requests())
      if (contains(request.target, "/logonusers")) ids.insert(request.target);
    return ids;
  };
  harness.simulator().add_fault({.match = "/logonusers", .count = 8, .status = 404});
  CHECK(harness.disturbed_sync().outcome == defender_car::RunOutcome::partial);
  const std::set<std::string> first = machines();
  CHECK(first.size() == 8);
  clock.forward(kHour + 20'000);
  CHECK(harness.disturbed_sync().outcome == defender_car::RunOutcome::partial);
  const std::set<std::string> second = machines();
  CHECK(second.size() == 8);
  for (const std::string& one : second) CHECK_FALSE(first.contains(one));
  CHECK(joined(harness.violations()) == "");
}

TEST_CASE("The program tells of its share and its budget", "[budget]") {
  Harness harness(tenant(12));
  const std::string options = " --logon-source api --budget-share 0.001 --format json";
  Said said = say(harness, "sync" + options);
  INFO(said.out << said.err);
  CHECK(said.exit_code == 0);
  CHECK(shape_fault(said.out, "sync") == "");
  CHECK(contains(said.out, "\"outcome\": \"partial\""));
  CHECK(contains(said.out, "\"failure\": null"));
  said = say(harness, "sync --logon-source api --budget-share 0.001");
  CHECK(said.exit_code == 50);  // one call for the machine list an hour
  CHECK(contains(said.err, "there is room again at"));
  said = say(harness, "status");
  CHECK(contains(said.out, "calls to Defender  last minute  of   last hour  of"));
  CHECK(contains(said.out, "users              1            100  1          1500"));
}
