// Guards, the second half: limits as they are written, what a permission opens and what it does
// not, canaries, and the run's own deadline.
#include <algorithm>
#include <catch2/catch.hpp>

#include "guarded.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::FaultKind;
using simulator::Tenant;

namespace {

bool reports(const Tenant& tenant, const simulator::Device& device) {
  return !device.silent && device.onboarding_status == "Onboarded" &&
         tenant.now_ms - device.last_seen_ms < 2 * simulator::day_ms;
}

/// Devices that are heard of today, in the order of their ids.
std::vector<std::string> living(Harness& harness) {
  std::vector<std::string> ids;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    for (const auto& [id, device] : tenant.devices)
      if (reports(tenant, device)) ids.push_back(id);
  });
  return ids;
}

void silence(Harness& harness, const std::vector<std::string>& ids) {
  harness.simulator().with_tenant([&](Tenant& tenant) {
    tenant.fall_silent({ids.begin(), ids.end()}, 16 * simulator::day_ms);
  });
}

void wake(Harness& harness, const std::vector<std::string>& ids) {
  harness.simulator().with_tenant([&](Tenant& tenant) {
    for (const std::string& id : ids) {
      simulator::Device& device = tenant.devices.find(id)->second;
      device.silent = false;
      device.health_status = "Active";
      tenant.report(device, tenant.now_ms - 1000);
    }
  });
}

std::vector<std::string> first(const std::vector<std::string>& ids, size_t count) {
  return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(count, ids.size()))};
}

void check_done(Harness& harness, const RunReport& report) {
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

}  // namespace

TEST_CASE("A limit holds as it is written, as a count and as a share", "[guards]") {
  struct Case {
    defender_car::Limit limit;
    size_t silenced;
    bool held;
  };
  for (const Case& one : {Case{{.count = 3}, 3, false}, Case{{.count = 3}, 4, true},
                          Case{{.count = 0}, 1, true}, Case{{.percent = 5}, 1, false},
                          Case{{.percent = 5}, 12, true}, Case{{.percent = 100}, 20, false}}) {
    Harness harness(fleet(60));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    harness.settings().max_deletes = one.limit;
    silence(harness, first(living(harness), one.silenced));
    const RunReport report = harness.disturbed_sync();
    INFO(one.silenced << " " << describe(report));
    CHECK(report.failure.has_value() == one.held);
    CHECK(joined(harness.violations()) == "");
  }
}

TEST_CASE("A permission is gone once it was used, for the very same set as well", "[guards]") {
  Harness harness(fleet(60));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().max_deletes = {.count = 3};
  const std::vector<std::string> ids = first(living(harness), 10);
  silence(harness, ids);
  const std::string token = token_of(harness.disturbed_sync());
  REQUIRE(token != "");
  harness.settings().allow_once = token;
  check_done(harness, harness.sync(Reading::incremental));

  harness.simulator().live(1);
  wake(harness, ids);
  check_done(harness, harness.sync(Reading::incremental));
  silence(harness, ids);
  const RunReport again = harness.disturbed_sync();  // with the old token
  INFO(describe(again));
  CHECK(again.failure == ErrorKind::guard);
  CHECK(token_of(again) != token);
}

TEST_CASE("A permission outlives a run that CAR let down", "[guards]") {
  Harness harness(fleet(60));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().max_deletes = {.count = 3};
  silence(harness, first(living(harness), 10));
  harness.settings().allow_once = token_of(harness.disturbed_sync());
  harness.simulator().add_fault(
      {.match = "DELETE /car/", .kind = FaultKind::status, .status = 503});
  CHECK(harness.disturbed_sync().failure == ErrorKind::car_recoverable);
  harness.simulator().clear_faults();
  check_done(harness, harness.sync(Reading::incremental));
}

TEST_CASE("Guards behind guards let through what each message's command allows", "[guards]") {
  Harness harness(fleet(40));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().mode = Mode::full;
  harness.settings().max_disables = {.count = 0};
  harness.simulator().with_tenant([](Tenant& tenant) { tenant.software.clear(); });
  RunReport report = harness.disturbed_sync();  // the reading is empty
  CHECK(report.failure == ErrorKind::guard);
  harness.settings().allow_once = token_of(report);
  report = harness.disturbed_sync();  // believed now, but its edges are too many
  CHECK(report.failure == ErrorKind::guard);
  harness.settings().allow_once = token_of(report);
  check_done(harness, harness.sync(Reading::full));
}

TEST_CASE("Deletes that a person allowed do not use up the day's limit", "[guards]") {
  Harness harness(fleet(60));
  const std::set<std::string> silent = report_hourly(harness, {10, 3, 1});
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().max_deletes = {.count = 3};
  pass_without(harness, silent, 15 * simulator::day_ms - 2 * simulator::hour_ms);
  harness.settings().allow_once = token_of(harness.disturbed_sync());
  check_done(harness, harness.sync(Reading::incremental));
  harness.settings().allow_once.clear();
  const size_t assets = harness.held("asset|").size();
  pass_without(harness, silent, simulator::hour_ms);
  check_done(harness, harness.sync(Reading::incremental));
  CHECK(harness.held("asset|").size() == assets - 3);
  pass_without(harness, silent, simulator::hour_ms);  // three of today's three are used up now
  CHECK(harness.disturbed_sync().failure == ErrorKind::guard);
  CHECK(harness.held("asset|").size() == assets - 3);
}

TEST_CASE("What is held back ends by itself when Defender's answer recovers", "[guards]") {
  for (const Mode mode : {Mode::automatic, Mode::full}) {
    Harness harness(fleet(60));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    harness.settings().mode = mode;
    harness.settings().max_deletes = {.count = 3};
    const std::vector<std::string> ids = first(living(harness), 10);
    silence(harness, ids);
    const std::set<std::string> before = harness.held("");
    CHECK(harness.disturbed_sync().failure == ErrorKind::guard);
    CHECK(harness.held("") == before);
    CHECK(harness.disturbed_sync().failure == ErrorKind::guard);
    wake(harness, ids);
    check_done(harness, harness.sync_either_way());
  }
}

TEST_CASE("A list without its canary is not complete", "[canary]") {
  Harness harness(fleet(40));
  const std::vector<std::string> ids = living(harness);
  harness.settings().canaries = {ids[0], ids[1]};
  check_done(harness, harness.sync(Reading::full));
  check_done(harness, harness.sync(Reading::incremental));

  simulator::Device lost;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    auto node = tenant.devices.extract(ids[1]);
    lost = node.mapped();
  });
  for (const Mode mode : {Mode::automatic, Mode::full}) {
    harness.settings().mode = mode;
    const std::set<std::string> before = harness.held("");
    const RunReport report = harness.disturbed_sync();
    INFO(describe(report));
    CHECK(report.failure == ErrorKind::defender);
    CHECK(report.error.find(ids[1]) != std::string::npos);
    CHECK(report.error.find(ids[0]) == std::string::npos);
    CHECK(harness.held("") == before);
  }
  harness.settings().mode = Mode::automatic;
  harness.simulator().with_tenant([&](Tenant& tenant) { tenant.devices.emplace(ids[1], lost); });
  check_done(harness, harness.sync_either_way());
}

TEST_CASE("The deadline ends a run that waits for Defender", "[deadline]") {
  Harness harness(fleet(24));
  check_done(harness, harness.sync(Reading::full));
  harness.simulator().live(5);
  harness.settings().deadline = std::chrono::seconds(2);
  harness.simulator().add_fault(
      {.match = "/defender/api/machines?", .kind = FaultKind::stall, .stall_ms = 60'000});
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::unreachable);
  CHECK(report.error.find("--deadline") != std::string::npos);
  CHECK(joined(harness.writes_to_car()) == "");
  harness.simulator().clear_faults();
  harness.settings().deadline = std::chrono::hours(2);
  check_done(harness, harness.sync(Reading::incremental));
}

TEST_CASE("The deadline ends a run that waits for CAR", "[deadline]") {
  Harness harness(fleet(24));
  check_done(harness, harness.sync(Reading::full));
  harness.simulator().live(20);
  harness.settings().deadline = std::chrono::seconds(4);
  harness.simulator().add_fault(
      {.match = "/importstatus", .kind = FaultKind::stall, .stall_ms = 60'000});
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::interrupted);
  CHECK(report.error.find("--deadline") != std::string::npos);
  harness.simulator().clear_faults();
  harness.settings().deadline = std::chrono::hours(2);
  check_done(harness, harness.sync(Reading::incremental));
}
