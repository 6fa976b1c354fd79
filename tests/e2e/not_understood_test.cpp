// What was not understood of an answer removes nothing: of one machine alone, whose users or whose
// record by id it was. (Of lists: the sweep "foreign".)
#include <catch2/catch.hpp>

#include "planted.h"

using namespace e2e;
using defender_car::LogonSource;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::CellForm;
using simulator::Device;
using simulator::LieKind;
using simulator::Tenant;

namespace {

Scenario with_users_by(LogonSource source) {
  Scenario scenario = small();
  scenario.logon = source;
  return scenario;
}

/// Two machines; from now on nobody is logged on to either, which both have reported.
std::vector<std::string> two_left_alone(Harness& harness) {
  std::vector<std::string> ids;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    for (auto& [id, device] : tenant.devices) {
      if (ids.size() == 2 || device.users.empty() || device.silent) continue;
      ids.push_back(id);
    }
    for (const std::string& id : ids) {
      Device& device = tenant.devices.at(id);
      device.users.clear();
      device.last_seen_ms = tenant.now_ms;
    }
  });
  REQUIRE(ids.size() == 2);
  return ids;
}

/// Whether the last run asked for that machine by its id.
bool asks_for(Harness& harness, const std::string& id) {
  const auto requests = harness.simulator().requests();
  return std::any_of(requests.begin(), requests.end(), [&](const auto& request) {
    return request.target.ends_with("/api/machines/" + id);
  });
}

size_t users_of(const Harness& harness, const std::string& id) {
  return harness.held("asset_user|" + id + "|").size();
}

}  // namespace

TEST_CASE("A machine that a list lacks stays where the answer by id is not about it",
          "[not_understood]") {
  const std::string body =
      GENERATE("null", "[]", "{}", R"({"id":"another","computerDnsName":"other"})",
               R"({"value":[]})", R"({"error":{"code":"x"}})");
  Harness harness(small());
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  std::string id;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    id = fresh_device(tenant, 0).id;
    tenant.devices.erase(id);
  });
  harness.simulator().add_fault(
      {.match = "GET /defender/api/machines/" + id + " ", .status = 200, .body = body});
  harness.simulator().add_fault(
      {.match = "GET /defender/api/machines/" + id, .status = 200, .body = body});
  harness.settings().mode = Mode::full;
  for (const bool is_asked : {true, true, false}) {  // at once, in the next run, then after an hour
    const RunReport report = harness.disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(report.outcome == defender_car::RunOutcome::done);
    CHECK(joined(report.warnings).find("machines by id that are missing from the list") !=
          std::string::npos);
    CHECK(joined(report.warnings).find("HTTP 200 without this machine") != std::string::npos);
    CHECK(asks_for(harness, id) == is_asked);
    CHECK(joined(harness.violations()) == "");
    CHECK(harness.held("asset|" + id).size() == 1);
    CHECK(harness.held("asset_hostname|" + id + "|").size() == 1);
    CHECK(harness.held("asset|another").empty());
  }

  harness.simulator().clear_faults();
  harness.simulator().live(2);
  CHECK_FALSE(harness.sync(Reading::full).failure);
  CHECK(harness.held("asset|" + id).empty());
}

TEST_CASE("One machine's users that were not understood stay, and the others' go",
          "[not_understood]") {
  const LieKind kind = GENERATE(LieKind::foreign, LieKind::beside);
  Harness harness(with_users_by(LogonSource::api));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().live(1);
  const auto ids = two_left_alone(harness);
  REQUIRE(users_of(harness, ids[0]) > 0);
  harness.simulator().with_defender([&](auto& defender) {
    defender.lies().tell({.kind = kind, .match = ids[0] + "/logonusers", .json = "\"odd\""});
  });
  for (int run = 0; run < 2; ++run) {  // also when it comes again
    const RunReport report = harness.disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(report.outcome == defender_car::RunOutcome::partial);
    CHECK(users_of(harness, ids[0]) > 0);
    CHECK(users_of(harness, ids[1]) == 0);
    REQUIRE_FALSE(report.warnings.empty());
    CHECK(report.warnings.back().find("logon users of " + ids[0]) != std::string::npos);
  }
  harness.simulator().with_defender([](auto& defender) { defender.lies().stop(); });
  const RunReport next = harness.sync(Reading::incremental);
  INFO(describe(next));
  CHECK(next.outcome == defender_car::RunOutcome::done);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("An element that is no account leaves the accounts of that device as they were",
          "[not_understood]") {
  Harness harness(with_users_by(LogonSource::hunting));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().live(1);
  const std::string id = two_left_alone(harness)[0];
  const size_t before = users_of(harness, id);
  REQUIRE(before > 0);
  harness.simulator().with_tenant([&](Tenant& tenant) {
    simulator::DeviceInfoRow row = tenant.device_info.at(id).back();
    row.timestamp_ms = tenant.now_ms;
    row.os_platform = "Windows11";
    row.logged_on_users = {CellForm::text, "[null]"};
    tenant.device_info.at(id).push_back(row);
    tenant.logon_events.erase(id);
  });
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.set_aside > 0);
  CHECK(users_of(harness, id) == before);
}

TEST_CASE("An element that is no address leaves the addresses of that machine as they were",
          "[not_understood]") {
  Scenario scenario = small();
  scenario.source = Source::list_chosen;
  Harness harness(scenario);
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  std::string id;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Device& device = fresh_device(tenant, 0);
    id = device.id;
    device.last_seen_ms = tenant.now_ms;
    device.raw_fields["ipAddresses"] = "[null]";
  });
  const auto before = harness.held("asset_ipaddress|" + id + "|");
  REQUIRE(before.size() > 1);  // one of them is the public one
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.set_aside == 1);
  CHECK(harness.held("asset_ipaddress|" + id + "|") == before);
}
