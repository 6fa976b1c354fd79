// Which record counts, one kind at a time: records twice, older than what is known, ahead of the
// clock, of one machine in two cases; and what cannot be read keeps what it would have said.
#include <catch2/catch.hpp>

#include "lies.h"
#include "planted.h"
#include "text.h"

using namespace e2e;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::day_ms;
using simulator::Device;
using simulator::hour_ms;
using simulator::LieKind;
using simulator::minute_ms;
using simulator::NetworkRow;
using simulator::Tenant;
using Memory = rapidjson::Document::AllocatorType;

namespace {

const Reading both[] = {Reading::full, Reading::incremental};

void choose(Harness& harness, Reading reading) {
  harness.settings().mode = reading == Reading::full ? Mode::full : Mode::automatic;
}

const defender_car::DatasetReport& dataset(const RunReport& report, const std::string& name) {
  for (const auto& one : report.datasets)
    if (one.name == name) return one;
  throw std::runtime_error("no dataset " + name);
}

void tell(Harness& harness, simulator::Lie lie) {
  harness.simulator().with_defender([&](auto& defender) { defender.lies().tell(lie); });
}

void tell_the_truth(Harness& harness) {
  harness.simulator().with_defender([](auto& defender) { defender.lies().stop(); });
}

/// Rewrites the records of these answers.
simulator::Lie changing(const char* match, std::function<void(rapidjson::Value&, Memory&)> change) {
  return {.kind = LieKind::changed, .match = match, .change = std::move(change)};
}

void set_text(rapidjson::Value& record, const char* key, const std::string& value, Memory& memory) {
  for (auto& member : record.GetObject())
    if (simulator::to_lower(member.name.GetString()) == simulator::to_lower(key))
      member.value.SetString(value.c_str(), memory);
}

/// A run whose answers hold more than the tenant does and say nothing else.
RunReport undisturbed(Harness& harness, Reading reading) {
  choose(harness, reading);
  RunReport report = harness.sync(reading);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
  return report;
}

std::string id_of(Harness& harness, size_t n) {
  Tenant tenant = harness.simulator().tenant();
  return fresh_device(tenant, n).id;
}

}  // namespace

TEST_CASE("An older copy of a record changes nothing and is counted", "[newer]") {
  for (const LieKind kind : {LieKind::older_before, LieKind::older_behind}) {
    Harness harness(small());
    tell(harness, {.kind = kind, .match = ""});
    const RunReport first = undisturbed(harness, Reading::full);
    for (const char* name : {"machines", "alerts", "network", "knowledge_base"}) {
      INFO(name);
      CHECK(dataset(first, name).duplicates > 0);
    }
    harness.simulator().live(3);
    undisturbed(harness, Reading::incremental);
    harness.simulator().live(1);
    undisturbed(harness, Reading::full);
    tell_the_truth(harness);
    undisturbed(harness, Reading::incremental);
    CHECK(joined(harness.writes_to_car()) == "");
  }
}

TEST_CASE("Records older than what is known are no news, in a reading of everything neither",
          "[newer]") {
  for (const char* match : {"/api/machines?", "/api/alerts", "DeviceNetworkInfo",
                            "DeviceTvmSoftwareVulnerabilitiesKB"}) {
    for (const Reading reading : both) {
      INFO(match);
      Harness harness(small());
      undisturbed(harness, Reading::full);
      // All of them an hour old, and with other words.
      tell(harness, changing(match, [](rapidjson::Value& record, Memory& memory) {
             for (auto& member : record.GetObject()) {
               const std::string name = simulator::to_lower(member.name.GetString());
               const bool is_time = name == "lastseen" || name == "lastupdatetime" ||
                                    name == "timestamp" || name == "lastmodifiedtime";
               const auto at = is_time ? simulator::parse_iso(member.value.GetString())
                                       : std::optional<int64_t>();
               if (at)
                 member.value.SetString(simulator::format_iso(*at - hour_ms, 3).c_str(), memory);
             }
             set_text(record, "computerDnsName", "older-name", memory);
             set_text(record, "title", "older title", memory);
             set_text(record, "IPAddresses", "[]", memory);
             set_text(record, "VulnerabilityDescription", "older words", memory);
           }));
      undisturbed(harness, reading);
      if (reading == Reading::incremental) CHECK(joined(harness.writes_to_car()) == "");
    }
  }
}

TEST_CASE("A record ahead of the clock does not outweigh what comes later", "[newer]") {
  for (const Reading reading : both) {
    Harness harness(small());
    std::string id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = fresh_device(tenant, 0);
      id = device.id;
      device.ahead_ms = 2 * day_ms;
      simulator::Alert& alert = open_alert(tenant, 0);
      alert.last_update_ms = tenant.now_ms + 2 * day_ms;
      tenant.kb.begin()->second.last_modified_ms = tenant.now_ms + 2 * day_ms;
    });
    undisturbed(harness, Reading::full);
    undisturbed(harness, Reading::incremental);
    CHECK(joined(harness.writes_to_car()) == "");
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Device& device = tenant.devices.at(id);
      device.name = "renamed-since";
      tenant.report(device, tenant.now_ms - minute_ms);
      simulator::Alert& alert = open_alert(tenant, 0);
      alert.title = "another title";
      alert.last_update_ms = tenant.now_ms - minute_ms;
      tenant.kb.begin()->second.description = "other words";
      tenant.kb.begin()->second.last_modified_ms = tenant.now_ms - minute_ms;
    });
    undisturbed(harness, reading);
    CHECK(harness.held("hostname|renamed-since").size() == 1);
  }
}

TEST_CASE("A network row ahead of the clock counts as now and not as the day after tomorrow",
          "[newer]") {
  Harness harness(small());
  const std::string id = id_of(harness, 0);
  undisturbed(harness, Reading::full);
  std::string ahead;
  tell(harness, changing("DeviceNetworkInfo", [&](rapidjson::Value& record, Memory& memory) {
         set_text(record, "Timestamp", ahead, memory);
       }));
  harness.simulator().with_tenant([&](Tenant& tenant) {
    ahead = simulator::format_iso(tenant.now_ms + 2 * day_ms, 3);
    tenant.report_network(tenant.devices.at(id), tenant.now_ms);
    for (NetworkRow& row : tenant.network_rows[id]) row.ingested_ms = row.timestamp_ms;
  });
  undisturbed(harness, Reading::incremental);
  tell_the_truth(harness);
  harness.simulator().with_tenant([&](Tenant& tenant) {
    tenant.now_ms += 20 * minute_ms;
    Device& device = tenant.devices.at(id);
    device.adapters.resize(1);
    device.adapters.front().addresses = {{"10.77.0.1", "Private", 24}};
    device.adapters.front().form = simulator::CellForm::text;
    tenant.report(device, tenant.now_ms);
    for (NetworkRow& row : tenant.network_rows[id])
      row.ingested_ms = std::min(row.ingested_ms, row.timestamp_ms);
  });
  undisturbed(harness, Reading::incremental);
  CHECK(harness.held("asset_ipaddress|" + id + "|10.77.0.1").size() == 1);
}

TEST_CASE("An adapter whose row cannot be read stays as last known", "[newer]") {
  const std::vector<std::pair<const char*, const char*>> broken{
      {"IPAddresses", R"([{"IPAddress":"10.)"}, {"IPAddresses", "nonsense"}, {"Timestamp", "soon"}};
  for (const Source source : {Source::graph, Source::retiring})
    for (const auto& [column, value] : broken)
      for (const Reading reading : both) {
        INFO(column << " " << value);
        Scenario scenario = small();
        scenario.source = source;
        Harness harness(scenario);
        const std::string id = id_of(harness, 0);
        const auto report_all = [&](const char* address) {
          harness.simulator().with_tenant([&](Tenant& tenant) {
            tenant.now_ms += 30 * minute_ms;
            Device& device = tenant.devices.at(id);
            const simulator::Adapter sound{
                "sound", "0A1B2C000001", "Ethernet", "Up", "", {{address, "Private", 24}}, {}};
            const simulator::Adapter torn{
                "torn", "0A1B2C000002", "Ethernet", "Up", "", {{"10.78.0.2", "Private", 24}}, {}};
            device.adapters = {sound, torn};
            for (auto& adapter : device.adapters) adapter.form = simulator::CellForm::text;
            tenant.report(device, tenant.now_ms);
            for (NetworkRow& row : tenant.network_rows[id])
              row.ingested_ms = std::min(row.ingested_ms, row.timestamp_ms);
          });
        };
        report_all("10.78.0.1");
        undisturbed(harness, Reading::full);
        tell(harness, changing("DeviceNetworkInfo", [&, column = column, value = value](
                                                        rapidjson::Value& record, Memory& memory) {
               for (const auto& member : record.GetObject())
                 if (member.value.IsString() && member.value == "torn")
                   return set_text(record, column, value, memory);
             }));
        report_all("10.78.0.9");
        const RunReport report = undisturbed(harness, reading);
        CHECK(report.set_aside == 1);
        CHECK(harness.held("asset_ipaddress|" + id + "|10.78.0.2").size() == 1);
        CHECK(harness.held("asset_ipaddress|" + id + "|10.78.0.1").empty());
      }
}

TEST_CASE("Rows that name nobody take nothing away", "[newer]") {
  struct Unnamed {
    const char* match;
    const char* key;
    defender_car::LogonSource logon = defender_car::LogonSource::automatic;
  };
  const std::vector<Unnamed> all{
      {"/api/machines?", "id"},
      {"/api/alerts", "id"},
      {"DeviceNetworkInfo", "DeviceId"},
      {"DeviceTvmSoftwareVulnerabilities |", "DeviceId"},
      {"DeviceLogonEvents", "DeviceId", defender_car::LogonSource::hunting}};
  for (const Unnamed& unnamed : all)
    for (const bool empty : {true, false})
      for (const Reading reading : both) {
        INFO(unnamed.match << (empty ? " ''" : " null"));
        Harness harness(small());
        harness.settings().logon_source = unnamed.logon;
        undisturbed(harness, Reading::full);
        harness.simulator().with_tenant([](Tenant& tenant) {  // something to read of each kind
          for (size_t n = 0; n < 5; ++n) tenant.report(fresh_device(tenant, n), tenant.now_ms);
          for (auto& [id, alert] : tenant.alerts) alert.last_update_ms = tenant.now_ms;
        });
        size_t number = 0;
        tell(harness, changing(unnamed.match, [&](rapidjson::Value& record, Memory& memory) {
               if (number++ % 2 != 0) return;
               for (auto& member : record.GetObject())
                 if (simulator::to_lower(member.name.GetString()) ==
                     simulator::to_lower(unnamed.key)) {
                   if (empty)
                     member.value.SetString("", memory);
                   else
                     member.value.SetNull();
                 }
             }));
        choose(harness, reading);
        const RunReport report = harness.disturbed_sync();
        INFO(describe(report));
        CHECK_FALSE(report.failure);
        CHECK(report.set_aside > 0);
        CHECK(joined(harness.violations()) == "");
        tell_the_truth(harness);
        harness.simulator().live(1);
        undisturbed(harness, Reading::full);
      }
}

TEST_CASE("A machine id of 40 hex digits is one machine in any case", "[newer]") {
  for (const auto logon : {defender_car::LogonSource::api, defender_car::LogonSource::hunting}) {
    Harness harness(small());
    harness.settings().logon_source = logon;
    harness.settings().canaries = {simulator::to_upper(id_of(harness, 0))};
    harness.simulator().with_tenant([](Tenant& tenant) {
      for (const auto& [id, device] : tenant.devices)
        tenant.other_case[id] = simulator::to_upper(id);
    });
    undisturbed(harness, Reading::full);
    harness.simulator().live(5);
    undisturbed(harness, Reading::incremental);
    undisturbed(harness, Reading::incremental);
    CHECK(joined(harness.writes_to_car()) == "");
  }
}
