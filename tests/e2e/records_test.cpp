// Odd machines and alerts, one at a time: the rest arrives, what cannot be read is set aside and
// counted, and what it would have said stays as last known.
#include <catch2/catch.hpp>

#include "planted.h"

using namespace e2e;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::Alert;
using simulator::Device;
using simulator::Tenant;

namespace {

using Raw = std::map<std::string, std::string>;

/// A machine record that cannot be taken: good before and broken now; never good.
void check_broken_machine(const Raw& raw) {
  Harness harness(small());
  std::string never_good;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Device& device = fresh_device(tenant, 1);
    never_good = device.id;
    device.raw_fields = raw;
  });
  // The oracle sees neither the one nor what the other says since it broke.
  std::optional<Device> good;
  harness.set_meaning([&](Tenant& tenant) {
    tenant.devices.erase(never_good);
    if (good) tenant.devices[good->id] = *good;
  });
  check_run(harness, Reading::full, true);
  CHECK(harness.held("asset|" + never_good).empty());
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Device& device = fresh_device(tenant, 0);
    good = device;
    device.external_ip = "198.51.100.200";
    device.last_seen_ms = tenant.now_ms;
    device.raw_fields = raw;
  });
  check_run(harness, Reading::incremental, true);
  CHECK(harness.held("asset|" + good->id).size() == 1);
  harness.settings().mode = Mode::full;
  check_run(harness, Reading::full, true);
  CHECK(harness.held("asset|" + good->id).size() == 1);
}

/// A machine record with an odd value that means what it says.
void check_odd_machine(const Raw& raw, const std::function<void(Device&)>& meaning) {
  Harness harness(small());
  std::string id;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Device& device = fresh_device(tenant, 0);
    id = device.id;
    device.raw_fields = raw;
  });
  harness.set_meaning([&](Tenant& tenant) { meaning(tenant.devices.at(id)); });
  check_run(harness, Reading::full, false);
  CHECK(harness.held("asset|" + id).size() == 1);
}

/// An alert that cannot be taken: good before and broken now; never good.
void check_broken_alert(const Raw& raw) {
  Harness harness(small());
  std::string never_good;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Alert& alert = open_alert(tenant, 1);
    never_good = alert.id;
    alert.raw_fields = raw;
  });
  std::optional<Alert> good;
  harness.set_meaning([&](Tenant& tenant) {
    tenant.alerts.erase(never_good);
    if (good) tenant.alerts[good->id] = *good;
  });
  check_run(harness, Reading::full, true);
  CHECK(harness.held("vulnerability|" + never_good).empty());
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Alert& alert = open_alert(tenant, 0);
    good = alert;
    alert.description = "changed while it was broken";
    alert.last_update_ms = tenant.now_ms;
    alert.raw_fields = raw;
  });
  check_run(harness, Reading::incremental, true);
  harness.settings().mode = Mode::full;
  check_run(harness, Reading::full, true);
  CHECK(harness.held("vulnerability|" + good->id).size() == 1);
}

}  // namespace

TEST_CASE("Machines with wrong types are set aside and stay as last known", "[records]") {
  const std::vector<Raw> broken{{{"computerDnsName", "42"}},
                                {{"computerDnsName", "{}"}},
                                {{"computerDnsName", "[\"a\"]"}},
                                {{"lastSeen", "\"yesterday\""}},
                                {{"lastSeen", "true"}},
                                {{"lastSeen", "\"now\""}},
                                {{"lastSeen", "\"12:00\""}},
                                {{"lastSeen", "\"2026-13-45T99:00:00Z\""}},
                                {{"healthStatus", "7"}},
                                {{"osPlatform", "{\"name\":\"Windows11\"}"}},
                                {{"lastExternalIpAddress", "[]"}},
                                {{"lastIpAddress", "17"}},
                                {{"computerDnsName", "\"" + std::string(3000, 'n') + "\""}}};
  for (const Raw& raw : broken) {
    INFO(raw.begin()->first << ": " << raw.begin()->second.substr(0, 60));
    check_broken_machine(raw);
  }
}

TEST_CASE("Odd values of a machine that mean something are taken", "[records]") {
  const auto nothing = [](Device&) {};
  check_odd_machine({{"healthStatus", "\"HalfAsleep\""}},
                    [](Device& device) { device.health_status = "HalfAsleep"; });
  check_odd_machine({{"onboardingStatus", "\"Perhaps\""}}, nothing);
  check_odd_machine({{"unknownField", "{\"a\":[1,2,{\"b\":null}]}"}}, nothing);
  check_odd_machine({{"rbacGroupId", "\"17\""}, {"osBuild", "\"text\""}}, nothing);
  check_odd_machine({{"osPlatform", "\"TempleOS\""}},
                    [](Device& device) { device.os_platform = "TempleOS"; });
  check_odd_machine({{"computerDnsName", "null"}}, [](Device& device) { device.name.reset(); });
  check_odd_machine({{"computerDnsName", "\"'; DROP TABLE machine; --\""}},
                    [](Device& device) { device.name = "'; DROP TABLE machine; --"; });
  check_odd_machine({{"computerDnsName", "\"\\ud83d\\ude00.example\""}},
                    [](Device& device) { device.name = "\xF0\x9F\x98\x80.example"; });
  const std::string longest(250, 'n');
  check_odd_machine({{"computerDnsName", "\"" + longest + "\""}},
                    [&](Device& device) { device.name = longest; });
}

TEST_CASE("Times with none to seven fraction digits are the same moment", "[records]") {
  for (const char* time :
       {"2026-03-02T05:59:59Z", "2026-03-02T05:59:59.1Z", "2026-03-02T05:59:59.12Z",
        "2026-03-02T05:59:59.123Z", "2026-03-02T05:59:59.1234Z", "2026-03-02T05:59:59.12345Z",
        "2026-03-02T05:59:59.123456Z", "2026-03-02T05:59:59.1234567Z", "2026-03-02T05:59:59"}) {
    INFO(time);
    check_odd_machine({{"lastSeen", "\"" + std::string(time) + "\""}}, [](Device&) {});
  }
}

TEST_CASE("A machine whose id cannot be read lets nothing go", "[records]") {
  Harness harness(small());
  check_run(harness, Reading::full, false);
  std::string gone;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    fresh_device(tenant, 0).raw_fields = {{"id", "4711"}};
    gone = fresh_device(tenant, 1).id;
    tenant.retired.insert(tenant.devices.extract(gone));
  });
  harness.settings().mode = Mode::full;
  const std::set<std::string> before = harness.held("asset");
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(report.set_aside > 0);
  CHECK(harness.held("asset") == before);
  harness.simulator().with_tenant([&](Tenant& tenant) {
    for (auto& [id, device] : tenant.devices) device.raw_fields.clear();
  });
  harness.settings().mode = Mode::full;
  check_run(harness, Reading::full, false);
  CHECK(harness.held("asset|" + gone).empty());
}

TEST_CASE("Alerts with wrong types are set aside and stay as last known", "[records]") {
  const std::vector<Raw> broken{{{"title", "{}"}},           {{"severity", "5"}},
                                {{"machineId", "12"}},       {{"description", "[]"}},
                                {{"status", "false"}},       {{"alertCreationTime", "\"soon\""}},
                                {{"firstEventTime", "true"}}};
  for (const Raw& raw : broken) {
    INFO(raw.begin()->first << ": " << raw.begin()->second);
    check_broken_alert(raw);
  }
}

TEST_CASE("An alert whose severity or status nobody knows is open and scores nothing",
          "[records]") {
  Harness harness(small());
  harness.simulator().with_tenant([](Tenant& tenant) {
    open_alert(tenant, 0).severity = "Catastrophic";
    open_alert(tenant, 1).status = "Pondered";
    open_alert(tenant, 2).title = "'quoted' \"twice\" \\ | {brace} \n line";
  });
  check_run(harness, Reading::full, false);
}

TEST_CASE("Bytes that are no text do not stop the rest", "[records]") {
  for (const char* name : {"\"bad\xff\xfe.example\"", "\"nul\\u0000inside\"", "\"\\ud800\"",
                           "\"line\\nbreak\\ttab\""}) {
    INFO(name);
    Harness harness(small());
    std::string odd;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      odd = device.id;
      device.raw_fields = {{"computerDnsName", name}};
    });
    const RunReport report = harness.sync(Reading::full);
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    for (const std::string& asset : harness.oracle().assets())
      if (asset != odd) CHECK(harness.held("asset|" + asset).size() == 1);
  }
}
