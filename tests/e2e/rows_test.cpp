// Odd rows of hunting and of the logon users, one at a time: the rest arrives, and a row that
// cannot be read leaves what was known before in place.
#include <catch2/catch.hpp>

#include "planted.h"

using namespace e2e;
using defender_car::RunReport;
using simulator::CellForm;
using simulator::Device;
using simulator::minute_ms;
using simulator::NetworkRow;
using simulator::Tenant;

namespace {

std::string private_list(const std::string& ip) {
  return R"([{"IPAddress":")" + ip + R"(","SubnetPrefix":24,"AddressType":"Private"}])";
}

/// All that the device reports is this one row, a minute ago.
void plant_row(Tenant& tenant, const std::string& id, const std::string& mac,
               const simulator::RawCell& cell) {
  NetworkRow row;
  row.timestamp_ms = row.ingested_ms = tenant.now_ms - minute_ms;
  row.adapter = "planted";
  row.mac = mac;
  row.ip_addresses = cell;
  tenant.network_rows[id].push_back(row);
}

std::string id_of(Harness& harness, size_t n) {
  Tenant tenant = harness.simulator().tenant();
  return fresh_device(tenant, n).id;
}

}  // namespace

TEST_CASE("MAC addresses come in many spellings and some are none", "[records]") {
  Harness harness(small());
  const std::vector<std::string> macs{"000d3a0a0b0c",      "00:0d:3a:0a:0b:0d",
                                      "00-0D-3A-0A-0B-0E", "000D.3A0A.0B0F",
                                      "00000000000000E0",  "000000000000",
                                      "00:00:00:00:00:00", "12345",
                                      "GG0D3A0A0B0C",      ""};
  for (size_t i = 0; i < macs.size(); ++i) {
    const std::string id = id_of(harness, i);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      plant_row(tenant, id, macs[i],
                {CellForm::text, private_list("10.9.9." + std::to_string(i + 1))});
    });
  }
  const RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("Only private addresses of any form of the list arrive", "[records]") {
  Harness harness(small());
  const std::string mixed =
      R"([{"IPAddress":"10.8.0.1","SubnetPrefix":24,"AddressType":"Private"},)"
      R"({"IPAddress":"10.8.0.2","AddressType":"LinkLocal"},)"
      R"({"IPAddress":"10.8.0.3","AddressType":"Public"},)"
      R"({"IPAddress":"10.8.0.4","AddressType":"SomethingNew"},)"
      R"({"IPAddress":"fd00::8","AddressType":"Private"}])";
  const std::vector<simulator::RawCell> cells{{CellForm::text, mixed}, {CellForm::array, mixed},
                                              {CellForm::empty, ""},   {CellForm::null, ""},
                                              {CellForm::text, "[]"},  {CellForm::array, "[]"}};
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string id = id_of(harness, i);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      plant_row(tenant, id, "000D3A0A0C0" + std::to_string(i), cells[i]);
    });
  }
  check_run(harness, Reading::full, false);
}

TEST_CASE("A network row whose list cannot be read leaves the row before in place", "[records]") {
  for (const char* broken : {"[{", "{}", "nonsense", "[{\"IPAddress\":17}]", "\"text\""}) {
    INFO(broken);
    Harness harness(small());
    const std::string id = id_of(harness, 0);
    check_run(harness, Reading::full, false);
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      plant_row(tenant, id, "000D3A0A0D01", {CellForm::text, broken});
    });
    harness.set_meaning([&](Tenant& tenant) {
      std::erase_if(tenant.network_rows[id],
                    [](const NetworkRow& row) { return row.adapter == "planted"; });
    });
    check_run(harness, Reading::incremental, true);
  }
}

TEST_CASE("Logon users without a name are none", "[records]") {
  for (const auto source : {defender_car::LogonSource::api, defender_car::LogonSource::hunting}) {
    Harness harness(small());
    harness.settings().logon_source = source;
    harness.simulator().with_tenant([](Tenant& tenant) {
      for (size_t i = 0; i < 5; ++i) {
        Device& device = fresh_device(tenant, i);
        simulator::User user = make_user(tenant, device, 0);
        user.account_name.reset();
        device.users.push_back(user);
        tenant.report(device, tenant.now_ms - minute_ms);
      }
    });
    check_run(harness, Reading::full, false);
  }
}

TEST_CASE("A CVE without a score is no vulnerability and a late score makes it one", "[records]") {
  Harness harness(small());
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (auto& [cve, entry] : tenant.kb) entry.score_as_text = true;
    tenant.kb.begin()->second.score.reset();
  });
  check_run(harness, Reading::full, false);
  harness.simulator().live(2);
  harness.simulator().with_tenant([](Tenant& tenant) {
    tenant.kb.begin()->second.score = 4.5;  // half up
    tenant.kb.begin()->second.last_modified_ms = tenant.now_ms - minute_ms;
    auto second = std::next(tenant.kb.begin());
    second->second.score.reset();
    second->second.last_modified_ms = tenant.now_ms - minute_ms;
  });
  check_run(harness, Reading::incremental, false);
}

TEST_CASE("Software names may hold colons and quotes and more", "[records]") {
  Harness harness(small());
  harness.simulator().with_tenant([](Tenant& tenant) {
    const std::string cve = tenant.kb.begin()->first;
    tenant.software[fresh_device(tenant, 0).id] = {{"a:b", "c:d", "1:2", cve},
                                                   {"o'neil", "\"x\" & <y>", "1,0", cve},
                                                   {"per%cent", "a/b?c=d#e", "+", cve},
                                                   {"a", "b", "", cve},
                                                   {"", "", "", cve}};
  });
  check_run(harness, Reading::full, false);
  harness.simulator().live(1);
  harness.simulator().with_tenant([](Tenant& tenant) {
    const std::string cve = tenant.kb.begin()->first;
    tenant.software[fresh_device(tenant, 0).id] = {{"only", "this", "now", cve}};
  });
  check_run(harness, Reading::incremental, false);
}
