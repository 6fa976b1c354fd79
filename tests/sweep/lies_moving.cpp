// Lists that move while they are read, so that an element is passed over, and no later run would
// read it again: a second question has it.
#include <catch2/catch.hpp>

#include "lying.h"

using namespace e2e;
using defender_car::Mode;
using defender_car::RunMode;
using defender_car::RunReport;
using lying::tally;
using simulator::Alert;
using simulator::day_ms;
using simulator::Device;
using simulator::hour_ms;
using simulator::LieKind;
using simulator::Tenant;

namespace {

constexpr const char* kAddress = "198.51.100.77";

Scenario small_fleet() {
  Scenario scenario;
  scenario.seed = 7;
  scenario.machines = 24;
  scenario.oddities = false;
  return scenario;
}

void move_before(Harness& harness, const std::string& request, int skip,
                 const std::function<void(Tenant&)>& move) {
  harness.simulator().with_defender([&](auto& defender) {
    defender.lies().tell(
        {.kind = LieKind::moving, .match = request, .skip = skip, .count = 1, .move = move});
  });
}

bool is_open(const Alert& alert) { return alert.status != "Resolved"; }

/// Of the list that is read now: what moves up when it goes.
void resolve_first_but(Tenant& tenant, const std::string& kept) {
  for (auto& [id, alert] : tenant.alerts) {
    if (!is_open(alert) || id == kept) continue;
    alert.status = "Resolved";
    alert.last_update_ms = tenant.now_ms;
    return;
  }
}

/// A machine of which nothing but that address is news, on the first place of the second page of
/// those seen within so many days; "" where there are too few.
std::string put_on_second_page(Tenant& tenant, size_t page_size, int days) {
  size_t place = 0;
  for (auto& [id, device] : tenant.devices) {
    if (device.last_seen_ms < tenant.now_ms - days * day_ms || place++ < page_size) continue;
    device.external_ip = kAddress;
    device.last_seen_ms = tenant.now_ms - 60 * hour_ms;
    device.silent = true;
    return id;
  }
  return "";
}

/// What stands first in a list of machines, and is not seen again.
void remove_first(Tenant& tenant, int days) {
  for (const auto& [id, device] : tenant.devices) {
    if (device.last_seen_ms < tenant.now_ms - days * day_ms) continue;
    tenant.devices.erase(id);
    return;
  }
}

bool has_address(const Harness& harness, const std::string& id) {
  return !harness.held("asset_ipaddress|" + id + "|" + kAddress).empty();
}

}  // namespace

TEST_CASE("An open alert that is passed over in two readings in a row stays", "[lies]") {
  tally().begin_point();
  const auto harness = lying::some_hours_on(small_fleet());
  const std::string comes = "0-comes";
  harness->simulator().with_tenant([&](Tenant& tenant) {
    Alert sample = tenant.alerts.begin()->second;  // so that there are three pages of open ones
    for (const char* id : {"1-a", "1-b", "1-c", "1-d", "1-e"}) {
      sample.id = id;
      sample.status = "New";
      sample.machine_id = tenant.devices.begin()->first;
      sample.last_update_ms = tenant.now_ms;
      tenant.alerts[id] = sample;
    }
  });
  REQUIRE_FALSE(harness->sync_either_way().failure);
  harness->simulator().live(1);
  const std::string list = "GET /defender/api/alerts?$filter=status%20ne%20%27Resolved%27&$top=2&";
  const auto resolve = [&](Tenant& tenant) { resolve_first_but(tenant, comes); };
  move_before(*harness, list + "$skip=2", 0, resolve);
  move_before(*harness, list + "$skip=0", 1, [&](Tenant& tenant) {
    Alert alert = tenant.alerts.at("1-e");
    alert.id = comes;
    tenant.alerts[comes] = alert;
  });
  move_before(*harness, list + "$skip=2", 0, resolve);
  harness->settings().defender_limits.page_size = 2;
  harness->settings().mode = Mode::full;
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  tally().survived();
  CHECK(lying::wrong_removals(*harness) == "");
  CHECK(harness->held("vulnerability|1-c").size() == 1);
  lying::tell_the_truth(*harness);
  lying::check_convergence(*harness, false);
}

TEST_CASE("A list of alerts that moves faster than it can be read removes nothing", "[lies]") {
  tally().begin_point();
  const auto harness = lying::some_hours_on(small_fleet());
  int number = 0;
  harness->simulator().with_defender([&](auto& defender) {
    defender.lies().tell(
        {.kind = LieKind::moving, .match = "$top=2&$skip=0", .move = [&](Tenant& tenant) {
           Alert alert = tenant.alerts.begin()->second;
           alert.id = "0-" + std::to_string(++number);
           alert.status = "New";
           alert.last_update_ms = tenant.now_ms;
           tenant.alerts[alert.id] = alert;
         }});
  });
  harness->settings().defender_limits.page_size = 2;
  harness->settings().mode = Mode::full;
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == defender_car::ErrorKind::defender);
  CHECK(report.error.find("moves faster than it can be read") != std::string::npos);
  tally().survived();
  CHECK(lying::wrong_removals(*harness) == "");
  lying::tell_the_truth(*harness);
  lying::check_convergence(*harness, false);
}

TEST_CASE("A machine that the whole list passes over comes all the same", "[lies]") {
  tally().begin_point();
  Harness harness(small_fleet());
  std::string passed_over;
  harness.simulator().with_tenant(
      [&](Tenant& tenant) { passed_over = put_on_second_page(tenant, 10, 1'000); });
  REQUIRE(passed_over != "");
  move_before(harness, "GET /defender/api/machines?$top=10&$skip=10", 0,
              [](Tenant& tenant) { remove_first(tenant, 1'000); });
  harness.settings().defender_limits.page_size = 10;
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  tally().survived();
  CHECK(has_address(harness, passed_over));
}

TEST_CASE("A machine that a window of several days passes over comes all the same", "[lies]") {
  tally().begin_point();
  const auto harness = lying::some_hours_on(small_fleet(), 72);
  std::string passed_over;
  harness->simulator().with_tenant(
      [&](Tenant& tenant) { passed_over = put_on_second_page(tenant, 5, 4); });
  REQUIRE(passed_over != "");
  move_before(*harness, "&$top=5&$skip=5", 0, [](Tenant& tenant) { remove_first(tenant, 4); });
  harness->settings().defender_limits.page_size = 5;
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.mode == RunMode::incremental);
  tally().survived();
  CHECK(has_address(*harness, passed_over));
}

TEST_CASE("A window that the next run reads again is read once", "[lies]") {
  tally().begin_point();
  const auto harness = lying::some_hours_on(small_fleet(), 1);
  REQUIRE_FALSE(harness->sync_either_way().failure);
  harness->settings().defender_limits.page_size = 10;
  REQUIRE_FALSE(harness->sync_either_way().failure);
  size_t asked = 0;
  for (const auto& request : harness->simulator().requests())
    if (request.target.find("/api/machines?$filter=lastSeen") != std::string::npos &&
        request.target.ends_with("$top=10&$skip=0"))
      ++asked;
  CHECK(asked == 1);
  tally().survived();
}
