// Guards: what looks like a mass loss is held back, says so, and goes through once with the token
// of its message.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "guarded.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::FaultKind;
using simulator::Tenant;

namespace {

void check_held(const RunReport& report) {
  INFO(describe(report));
  REQUIRE(report.failure);
  CHECK(*report.failure == ErrorKind::guard);
  CHECK(token_of(report) != "");
}

/// The run with the token of the held one's message. Several guards may hold at once; the message
/// of each run must lead on, and a person will follow it a few times, not for ever.
RunReport follow_the_message(Harness& harness, RunReport held, int* runs = nullptr) {
  RunReport report = std::move(held);
  for (int i = 1; i <= 4 && report.failure == ErrorKind::guard; ++i) {
    harness.settings().allow_once = token_of(report);
    report = harness.sync_either_way();
    if (runs != nullptr) *runs = i;
  }
  harness.settings().allow_once.clear();
  return report;
}

/// Makes so many devices, that are heard of today, fall silent for sixteen days.
void silence(Harness& harness, size_t count) {
  harness.simulator().with_tenant([&](Tenant& tenant) {
    std::set<std::string> ids;
    for (auto& [id, device] : tenant.devices) {
      if (count == 0) break;
      const bool reports = !device.silent && device.onboarding_status == "Onboarded" &&
                           tenant.now_ms - device.last_seen_ms < 2 * simulator::day_ms;
      if (!reports) continue;
      ids.insert(id);
      --count;
    }
    tenant.fall_silent(ids, 16 * simulator::day_ms);
  });
}

}  // namespace

TEST_CASE("A fleet that falls inactive at once is held back until it is allowed", "[guards]") {
  Harness harness(fleet(200));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().live(3);
  silence(harness, 60);
  const std::set<std::string> assets = harness.held("asset|");
  const RunReport held = harness.disturbed_sync();
  check_held(held);
  for (const std::string& line : assets) CHECK(harness.held("asset|").contains(line));
  const oracle::Oracle before = harness.oracle();

  harness.settings().allow_once = "not-the-token";
  check_held(harness.disturbed_sync());
  const std::string token = token_of(harness.disturbed_sync());
  harness.settings().allow_once = token;
  const RunReport allowed = harness.sync(Reading::incremental);
  INFO(describe(allowed));
  CHECK_FALSE(allowed.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");

  silence(harness, 55);  // the token was for once
  const size_t held_assets = harness.held("asset|").size();
  check_held(harness.disturbed_sync());
  CHECK(harness.held("asset|").size() == held_assets);
}

TEST_CASE("Imports go on while a guard holds removals back", "[guards]") {
  Harness harness(fleet(120));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  silence(harness, 60);
  std::string fresh;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    simulator::Device device = make_device(tenant);
    tenant.report(device, tenant.now_ms - 1000);
    fresh = device.id;
    tenant.devices.emplace(device.id, std::move(device));
  });
  check_held(harness.disturbed_sync());
  CHECK(harness.held("asset|" + fresh).size() == 1);
  CHECK(joined(harness.violations()) == "");
}

TEST_CASE("Fewer than fifty machines go without a guard", "[guards]") {
  Harness harness(fleet(120));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  silence(harness, 40);
  const RunReport report = harness.sync(Reading::incremental);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("Deletes are counted over a day and not run by run", "[guards]") {
  Harness harness(fleet(160));
  const std::set<std::string> silent = report_hourly(harness, {40, 40});
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const size_t assets = harness.held("asset|").size();
  pass_without(harness, silent, 15 * simulator::day_ms - simulator::hour_ms);
  const RunReport first = harness.sync(Reading::incremental);
  INFO(describe(first));
  CHECK_FALSE(first.failure);
  CHECK(harness.held("asset|").size() == assets - 40);
  pass_without(harness, silent, simulator::hour_ms);  // the other forty are due as well now
  check_held(harness.disturbed_sync());
  CHECK(harness.held("asset|").size() == assets - 40);
  harness.simulator().live(25);
  const RunReport next_day = harness.sync(Reading::incremental);
  INFO(describe(next_day));
  CHECK_FALSE(next_day.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("A first run lets nothing fall away that somebody else left in CAR", "[guards]") {
  Harness harness(fleet(200));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const std::set<std::string> assets = harness.held("asset|");
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (int i = 0; i < 70; ++i) tenant.devices.erase(tenant.devices.begin());
  });
  std::filesystem::remove_all(harness.settings().working_dir);
  const RunReport held = harness.disturbed_sync();
  check_held(held);
  const std::set<std::string> after = harness.held("asset|");
  CHECK(std::includes(after.begin(), after.end(), assets.begin(), assets.end()));
  const RunReport next = harness.disturbed_sync();
  check_held(next);
  CHECK(token_of(next) == token_of(held));
  CHECK(harness.held("asset|").size() >= assets.size());
  harness.settings().allow_once = token_of(next);
  const RunReport allowed = harness.sync_either_way();
  INFO(describe(allowed));
  CHECK_FALSE(allowed.failure);
  CHECK(harness.held("asset|").size() < assets.size());
}

TEST_CASE("What was held back of a whole reading is held back again and not forgotten",
          "[guards]") {
  Harness harness(fleet(200));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (int i = 0; i < 70; ++i) tenant.devices.erase(tenant.devices.begin());
  });
  harness.settings().mode = Mode::full;
  check_held(harness.disturbed_sync());
  harness.settings().mode = Mode::automatic;
  const RunReport next = harness.disturbed_sync();
  check_held(next);
  const RunReport allowed = follow_the_message(harness, next);
  INFO(describe(allowed));
  CHECK_FALSE(allowed.failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("An empty list of all open alerts is not believed", "[guards]") {
  Harness harness(fleet(40));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().mode = Mode::full;
  harness.simulator().add_fault({.match = "/api/alerts", .kind = FaultKind::empty_list});
  check_held(harness.disturbed_sync());
  CHECK(joined(harness.violations()) == "");
  harness.simulator().clear_faults();
  CHECK_FALSE(harness.sync(Reading::full).failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("An empty list of all machines is not believed", "[guards]") {
  Harness harness(fleet(40));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().mode = Mode::full;
  harness.simulator().add_fault(
      {.match = "/defender/api/machines?", .kind = FaultKind::empty_list});
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::guard);
  CHECK(joined(harness.violations()) == "");
  harness.simulator().clear_faults();
  CHECK_FALSE(harness.sync(Reading::full).failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("No vulnerabilities at all any more is not believed until it is allowed", "[guards]") {
  for (const Mode mode : {Mode::automatic, Mode::full}) {
    Harness harness(fleet(40));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    harness.settings().mode = mode;
    harness.simulator().with_tenant([](Tenant& tenant) { tenant.software.clear(); });
    const RunReport held = harness.disturbed_sync();
    check_held(held);
    const size_t edges = harness.held("application_vulnerability|").size();
    CHECK(edges > 0);
    const RunReport allowed = follow_the_message(harness, held);
    INFO(describe(allowed));
    CHECK_FALSE(allowed.failure);
    CHECK(joined(harness.violations()) == "");
    CHECK(joined(harness.differences()) == "");
  }
}

TEST_CASE("More edges than allowed are disabled only with the token", "[guards]") {
  Harness harness(fleet(40));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().max_disables = {.count = 10};
  harness.simulator().with_tenant([](Tenant& tenant) {
    bool other = false;
    for (auto& [id, rows] : tenant.software)
      if ((other = !other) && rows.size() > 1) rows.resize(1);
  });
  const RunReport held = harness.disturbed_sync();
  check_held(held);
  const RunReport allowed = follow_the_message(harness, held);
  INFO(describe(allowed));
  CHECK_FALSE(allowed.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("What falls away in a full import is guarded as well", "[guards]") {
  Harness harness(fleet(200));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().mode = Mode::full;
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (int i = 0; i < 70; ++i) tenant.devices.erase(tenant.devices.begin());
  });
  const std::set<std::string> assets = harness.held("asset|");
  const RunReport held = harness.disturbed_sync();
  check_held(held);
  CHECK(harness.held("asset|") == assets);
  CHECK(joined(harness.violations()) == "");
  const RunReport allowed = follow_the_message(harness, held);
  INFO(describe(allowed));
  CHECK_FALSE(allowed.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}
