// Vulnerabilities by the export and its delta: CAR ends as it does by hunting, whatever goes wrong
// with a page, and what a delta does not say for certain takes nothing away.
#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "guarded.h"
#include "life.h"
#include "planted.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunReport;
using defender_car::VulnerabilitySource;
using simulator::Device;
using simulator::Fault;
using simulator::FaultKind;
using simulator::Lie;
using simulator::LieKind;
using simulator::SoftwareRow;
using simulator::Tenant;

namespace {

constexpr const char* kExport = "SoftwareVulnerabilitiesByMachine";
constexpr const char* kChanges = "SoftwareVulnerabilityChangesByMachine";

Scenario by_export(Source source = Source::export_only) {
  Scenario scenario = small();
  scenario.source = source;
  return scenario;
}

/// Requests of the last run whose target holds the text.
int asked_for(Harness& harness, const std::string& text) {
  int count = 0;
  for (const simulator::RequestRecord& request : harness.simulator().requests())
    count += request.target.find(text) != std::string::npos ? 1 : 0;
  return count;
}

/// What the software and its vulnerabilities make of CAR.
std::set<std::string> software_lines(Harness& harness) {
  std::set<std::string> out;
  for (const char* beginning : {"asset_application|", "application_vulnerability|",
                                "asset_vulnerability|", "vulnerability|CVE", "application|"})
    out.merge(harness.held(beginning));
  return out;
}

std::string edge_of(const std::string& device, const SoftwareRow& row) {
  return "asset_application|" + device + "|" + row.vendor + ":" + row.name + ":" + row.version;
}

bool holds(const Harness& harness, const std::string& edge) { return !harness.held(edge).empty(); }

const SoftwareRow kFresh{"contoso", "fresh", "1.0", ""};

/// The n-th device that is heard of, with a row that nothing else of it resembles.
std::string plant(Harness& harness, size_t n, const SoftwareRow& row = kFresh) {
  std::string id;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    id = fresh_device(tenant, n).id;
    tenant.software[id].push_back(row);
  });
  return id;
}

void take_out(Harness& harness, const std::string& device, const SoftwareRow& row = kFresh) {
  harness.simulator().with_tenant(
      [&](Tenant& tenant) { std::erase(tenant.software.at(device), row); });
}

void check_reading(Harness& harness, Reading reading, bool by_delta) {
  check_run(harness, reading, false);
  CHECK((asked_for(harness, kChanges) > 0) == by_delta);
  CHECK((asked_for(harness, kExport) > 0) == !by_delta);
}

RunReport check_incomplete(Harness& harness, ErrorKind kind) {
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  REQUIRE(report.failure);
  CHECK(*report.failure == kind);
  CHECK(joined(harness.violations()) == "");
  return report;
}

void add_fault(Harness& harness, const std::string& match, int status, int count,
               const std::string& body = "") {
  Fault fault;
  fault.match = match;
  fault.status = status;
  fault.count = count;
  fault.body = body;
  harness.simulator().add_fault(fault);
}

/// One event as the delta tells it.
std::string event(const std::string& device, const char* status, const std::string& time,
                  const char* group = "Unassigned", const std::string& version = "\"1.0\"") {
  return R"({"deviceId":")" + device +
         R"(","softwareVendor":"contoso","softwareName":"fresh","softwareVersion":)" + version +
         R"(,"cveId":"","rbacGroupName":")" + group + R"(","status":")" + status +
         R"(","eventTimestamp":")" + time + "\"}";
}

/// The next delta is this.
void tell(Harness& harness, const std::string& events) {
  add_fault(harness, kChanges, 200, 1, R"({"value":[)" + events + "]}");
}

}  // namespace

TEST_CASE("Each way of reading vulnerabilities ends in the same graph", "[export]") {
  for (uint64_t seed = 301; seed < 305; ++seed) {
    std::map<Source, std::set<std::string>> lines;
    int deltas = 0;
    for (const Source source : {Source::graph, Source::export_chosen, Source::export_only}) {
      Scenario scenario = scenario_of(seed);
      scenario.source = source;
      scenario.logon = defender_car::LogonSource::api;
      std::unique_ptr<Life> life;
      life = std::make_unique<Life>(
          scenario, [&](const RunReport&) { deltas += asked_for(life->harness(), kChanges); });
      // Scores that only the export's rows have would tell the ways apart.
      life->harness().simulator().with_tenant([](Tenant& tenant) { tenant.row_scores.clear(); });
      const std::vector<std::string> problems = life->live(5, seed % 2 == 0 ? 24 * 9 : 30);
      INFO(describe(scenario) << joined(problems));
      CHECK(problems.empty());
      lines[source] = software_lines(life->harness());
    }
    INFO("seed " << seed);
    CHECK(lines[Source::graph].size() > 100);
    CHECK(lines[Source::export_chosen] == lines[Source::graph]);
    CHECK(lines[Source::export_only] == lines[Source::graph]);
    CHECK(deltas > 5);
  }
}

TEST_CASE("Without hunting a full import reads all rows and later runs the changes", "[export]") {
  Harness harness(by_export());
  harness.settings().defender_limits.export_page_size = 50;
  const std::string device = plant(harness, 0);  // software without a CVE
  plant(harness, 1);
  check_reading(harness, Reading::full, false);
  CHECK(asked_for(harness, "skiptoken") >= 4);
  CHECK(holds(harness, edge_of(device, kFresh)));
  harness.simulator().live(3);
  take_out(harness, device);
  check_reading(harness, Reading::incremental, true);
  // Six hours before the last reading, which was at 06:00.
  CHECK(asked_for(harness, "sinceTime=2026-03-02T00%3A00%3A00Z") == 1);
  CHECK_FALSE(holds(harness, edge_of(device, kFresh)));
  check_reading(harness, Reading::incremental, true);  // the same events once more
  CHECK(joined(harness.writes_to_car()) == "");
  harness.simulator().live(24 * 7);
  check_reading(harness, Reading::incremental, false);  // due once a week
  harness.simulator().live(1);
  check_reading(harness, Reading::incremental, true);
}

TEST_CASE("Of what came and went and came again the last word counts", "[export]") {
  Harness harness(by_export());
  check_reading(harness, Reading::full, false);
  std::string device;
  for (const bool there : {true, false, true, false}) {
    there ? static_cast<void>(device = plant(harness, 0)) : take_out(harness, device);
    check_reading(harness, Reading::incremental, true);
    CHECK(holds(harness, edge_of(device, kFresh)) == there);
  }
}

TEST_CASE("A device that changes its group keeps its software", "[export]") {
  Harness harness(by_export());
  const std::string device = plant(harness, 0);
  check_reading(harness, Reading::full, false);
  harness.simulator().live(1);
  check_reading(harness, Reading::incremental, true);
  harness.simulator().with_defender(
      [&](simulator::DefenderService& defender) { defender.change_group(device, "Servers"); });
  check_reading(harness, Reading::incremental, true);
  CHECK(joined(harness.writes_to_car()) == "");
  // Told apart, and the wrong way round.
  tell(harness, event(device, "New", "2026-03-02 06:30:00", "Workstations") + "," +
                    event(device, "Fixed", "2026-03-02T06:40:00Z", "Servers"));
  check_run(harness, Reading::incremental, false);
  CHECK(holds(harness, edge_of(device, kFresh)));
}

TEST_CASE("A page that fails is asked for again", "[export]") {
  Harness harness(by_export());
  harness.settings().defender_limits.export_page_size = 50;
  for (const int status : {500, 404, 400, 410}) {
    INFO("HTTP " << status);
    const int tries = status == 500 ? harness.http_options().retry.max_tries : 1;
    Fault fault;
    fault.match = "skiptoken";
    fault.skip = 2;
    fault.status = status;
    fault.count = tries;
    harness.simulator().add_fault(fault);
    harness.settings().mode = Mode::full;
    check_reading(harness, Reading::full, false);
    CHECK(asked_for(harness, "pageSize=50") == 1);
    harness.simulator().clear_faults();
  }
  for (const FaultKind kind : {FaultKind::truncated, FaultKind::malformed_json,
                               FaultKind::empty_json, FaultKind::reset_after}) {
    Fault fault;
    fault.match = "skiptoken";
    fault.kind = kind;
    fault.skip = 1;
    fault.count = harness.http_options().retry.max_tries;
    if (kind != FaultKind::truncated && kind != FaultKind::reset_after) fault.count = 1;
    harness.simulator().add_fault(fault);
    harness.settings().mode = Mode::full;
    check_reading(harness, Reading::full, false);
    harness.simulator().clear_faults();
  }
}

TEST_CASE("A walk whose links expire begins anew with another snapshot", "[export]") {
  Harness harness(by_export());
  harness.settings().defender_limits.export_page_size = 100;
  const std::string device = plant(harness, 0);
  harness.simulator().with_defender([&](simulator::DefenderService& defender) {
    defender.software_export().expire_links(2);
    Lie lie;
    lie.kind = LieKind::moving;
    lie.match = "skiptoken";
    lie.count = 1;
    lie.move = [&](Tenant& tenant) { std::erase(tenant.software.at(device), kFresh); };
    defender.lies().tell(lie);
  });
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(asked_for(harness, "pageSize=100") == 2);
  CHECK_FALSE(holds(harness, edge_of(device, kFresh)));  // it stood on the first walk's first page
  check_reading(harness, Reading::incremental, true);
}

TEST_CASE("A walk that loses its links twice is incomplete and removes nothing", "[export]") {
  Harness harness(by_export());
  harness.settings().defender_limits.export_page_size = 50;
  const std::string device = plant(harness, 0);
  check_reading(harness, Reading::full, false);
  take_out(harness, device);
  harness.settings().mode = Mode::full;
  add_fault(harness, "skiptoken", 410, 1'000);
  check_incomplete(harness, ErrorKind::defender);
  CHECK(asked_for(harness, "pageSize=50") == 2);
  CHECK(holds(harness, edge_of(device, kFresh)));
  harness.simulator().clear_faults();
  check_reading(harness, Reading::full, false);
  CHECK_FALSE(holds(harness, edge_of(device, kFresh)));
}

TEST_CASE("A delta that is not whole brings what is new and removes nothing", "[export]") {
  Harness harness(by_export());
  const std::string loses = plant(harness, 8);
  check_reading(harness, Reading::full, false);
  // The simulator tells the last device's events first: these two stand on the first page.
  harness.settings().defender_limits.export_page_size = 2;
  take_out(harness, loses);
  const std::string gains = plant(harness, 7);
  plant(harness, 0);
  add_fault(harness, "skiptoken", 503, 1'000);
  check_incomplete(harness, ErrorKind::defender);
  CHECK(asked_for(harness, kChanges) > 1);
  CHECK(holds(harness, edge_of(gains, kFresh)));
  CHECK(holds(harness, edge_of(loses, kFresh)));
  harness.simulator().clear_faults();
  check_reading(harness, Reading::incremental, true);
  CHECK_FALSE(holds(harness, edge_of(loses, kFresh)));
}

TEST_CASE("A time that a delta does not reach becomes a reading of all", "[export]") {
  Harness harness(by_export());
  const std::string device = plant(harness, 0);
  check_reading(harness, Reading::full, false);
  harness.simulator().live(2);
  take_out(harness, device);
  add_fault(harness, kChanges, 400, 1);
  check_run(harness, Reading::incremental, false);
  CHECK(asked_for(harness, kChanges) == 1);
  CHECK(asked_for(harness, kExport) == 1);
  CHECK_FALSE(holds(harness, edge_of(device, kFresh)));
  harness.simulator().live(24 * 15);
  check_reading(harness, Reading::incremental, false);
}

TEST_CASE("What a delta says that cannot be used is asked for again", "[export]") {
  Harness harness(by_export());
  const std::string device = plant(harness, 0);
  check_reading(harness, Reading::full, false);
  take_out(harness, device);
  harness.simulator().with_defender([](auto& defender) { defender.assess_software(); });
  for (const std::string& odd :
       {event(device, "New", "soon"), event(device, "New", "2026-03-02 06:30:00", "", "7")}) {
    tell(harness, event(device, "Fixed", "2026-03-02 06:30:00") + "," + odd);
    const RunReport report = harness.disturbed_sync();
    INFO(describe(report));
    CHECK(report.set_aside > 0);
    CHECK(holds(harness, edge_of(device, kFresh)));
    harness.simulator().live(24);  // beyond the delta's overlap, were the cursor to move
  }
  check_reading(harness, Reading::incremental, true);
  CHECK_FALSE(holds(harness, edge_of(device, kFresh)));
}

TEST_CASE("A silent device keeps its last known software until it is heard of", "[export]") {
  const bool with_other_software = GENERATE(true, false);
  const bool whole_between = GENERATE(true, false);
  Harness harness(by_export(GENERATE(Source::export_only, Source::export_chosen)));
  const std::string device = plant(harness, 0);
  check_reading(harness, Reading::full, false);
  const auto change = [&](const std::function<void(Tenant&, Device&)>& action) {
    harness.simulator().with_tenant(
        [&](Tenant& tenant) { action(tenant, tenant.devices.at(device)); });
  };
  change([](Tenant&, Device& silent) { silent.silent = true; });
  harness.simulator().live(24 * 8);
  check_run(harness, Reading::incremental, false);
  change([](Tenant& tenant, Device& silent) { tenant.software.erase(silent.id); });
  check_reading(harness, Reading::incremental, true);
  CHECK(holds(harness, edge_of(device, kFresh)));
  harness.simulator().live(24);
  harness.settings().mode = whole_between ? Mode::full : Mode::automatic;
  check_reading(harness, whole_between ? Reading::full : Reading::incremental, !whole_between);
  harness.settings().mode = Mode::automatic;
  CHECK(holds(harness, edge_of(device, kFresh)));
  change([&](Tenant& tenant, Device& back) {
    back.silent = false;
    tenant.report(back, tenant.now_ms);
    if (with_other_software) tenant.software[device].push_back({"contoso", "other", "2.0", ""});
  });
  check_reading(harness, Reading::incremental, true);
  CHECK_FALSE(holds(harness, edge_of(device, kFresh)));
  CHECK(holds(harness, edge_of(device, {"contoso", "other", "2.0", ""})) == with_other_software);
}

TEST_CASE("A whole reading that comes back empty is held", "[export]") {
  Harness harness(by_export());
  check_reading(harness, Reading::full, false);
  const std::set<std::string> before = software_lines(harness);
  harness.simulator().with_defender([](simulator::DefenderService& defender) {
    Lie lie;
    lie.match = kExport;
    defender.lies().tell(lie);
  });
  harness.settings().mode = Mode::full;
  check_incomplete(harness, ErrorKind::guard);
  CHECK(software_lines(harness) == before);
  harness.settings().mode = Mode::automatic;
  check_incomplete(harness, ErrorKind::guard);  // read whole again, and held again
  CHECK(asked_for(harness, kExport) == 1);
  harness.simulator().with_defender(
      [](simulator::DefenderService& defender) { defender.lies().stop(); });
  const RunReport report = harness.sync_either_way();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("A delta that fixes more than a guard lets go is held until it is allowed", "[export]") {
  Harness harness(by_export());
  harness.settings().max_disables = {.percent = 0, .at_least = 0, .count = 20};
  check_reading(harness, Reading::full, false);
  const std::set<std::string> before = software_lines(harness);
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (auto& [id, rows] : tenant.software) rows.resize(rows.size() / 2);
  });
  check_incomplete(harness, ErrorKind::guard);
  CHECK(software_lines(harness) == before);
  harness.simulator().live(30);
  RunReport report = check_incomplete(harness, ErrorKind::guard);  // told once, held all the same
  for (int i = 0; i < 3 && report.failure == ErrorKind::guard; ++i) {
    harness.settings().allow_once = token_of(report);
    report = harness.sync(Reading::incremental);
  }
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("An export that is refused says what it needs", "[export]") {
  const int status = GENERATE(403, 404);
  Harness harness(by_export(Source::export_chosen));
  harness.simulator().with_defender([&](simulator::DefenderService& defender) {
    defender.options().vulnerability_export = false;
    defender.options().no_export_status = status;
  });
  const RunReport report = check_incomplete(harness, ErrorKind::forbidden);
  CHECK(report.error.find("Vulnerability.Read.All") != std::string::npos);
  CHECK(report.error.find("--vulnerability-source") != std::string::npos);
}

TEST_CASE("Where neither hunting nor the export is there vulnerabilities are left out",
          "[export]") {
  Harness harness(by_export(Source::no_hunting));
  RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(report.warnings).find("vulnerabilities are left out") != std::string::npos);
  CHECK(joined(harness.differences()) == "");
  report = harness.sync(Reading::incremental);
  CHECK(joined(report.warnings).find("left out") == std::string::npos);  // said once
  CHECK(report.outcome == defender_car::RunOutcome::done);
}

TEST_CASE("An export that answered and is refused later is incomplete", "[export]") {
  Harness harness(by_export());
  check_reading(harness, Reading::full, false);
  harness.simulator().with_defender([](simulator::DefenderService& defender) {
    defender.options().vulnerability_export = false;
  });
  check_incomplete(harness, ErrorKind::forbidden);
}

TEST_CASE("From hunting to the export and back", "[export]") {
  Harness harness(by_export(Source::graph));
  const std::string device = plant(harness, 0);
  harness.simulator().with_defender([](auto& defender) { defender.assess_software(); });
  check_run(harness, Reading::full, false);
  for (const auto source : {VulnerabilitySource::exported, VulnerabilitySource::hunting,
                            VulnerabilitySource::exported}) {
    harness.settings().vulnerability_source = source;
    harness.simulator().live(5);
    check_run(harness, Reading::incremental, false);
  }
  take_out(harness, device);
  check_reading(harness, Reading::incremental, true);
}

TEST_CASE("Of a long list of CVEs those are kept that are ours", "[export]") {
  Harness harness(by_export());
  std::string device;
  harness.simulator().with_tenant([&](Tenant& tenant) {
    device = fresh_device(tenant, 0).id;
    const simulator::KnowledgeEntry entry{
        7.5, false, "High", "a flaw", tenant.now_ms - 1000, tenant.now_ms - 1000};
    for (int i = 0; i < 1'200; ++i) {
      const std::string cve = "CVE-2024-" + std::to_string(i);
      tenant.kb[cve] = entry;
      if (i < 600) tenant.software[device].push_back({"contoso", "sieve", "1.0", cve});
    }
  });
  harness.settings().defender_limits.cve_page_size = 100;
  // The list moves while it is read: the one that is passed over is asked for by name.
  harness.simulator().with_defender([](auto& defender) {
    defender.lies().tell({.kind = simulator::LieKind::moving,
                          .match = "/api/vulnerabilities?$top=100&$skip=100",
                          .count = 1,
                          .move = [](Tenant& tenant) { tenant.kb.erase(tenant.kb.begin()); }});
  });
  const RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
  CHECK(asked_for(harness, "/api/vulnerabilities?") > 10);
  CHECK(harness.held("vulnerability|CVE-2024-").size() == 600);
  for (const auto& dataset : report.datasets)
    if (dataset.name == "knowledge_base") CHECK(dataset.rows < 800);
}

TEST_CASE("A CVE that is new here, or becomes known later, counts from then on", "[export]") {
  Harness harness(by_export(GENERATE(Source::export_only, Source::export_chosen)));
  harness.simulator().with_tenant([](Tenant& tenant) {
    tenant.kb["CVE-2020-1"] = {
        7.5, false, "High", "an old flaw", 1'600'000'000'000, 1'600'000'000'000};
  });
  const std::string device = plant(harness, 0, {"contoso", "fresh", "1.0", "CVE-2026-1"});
  check_reading(harness, Reading::full, false);
  const std::string edge = "asset_vulnerability|" + device + "|CVE-2026-1";
  CHECK_FALSE(holds(harness, edge));
  harness.simulator().live(24);
  check_reading(harness, Reading::incremental, true);
  harness.simulator().with_tenant([](Tenant& tenant) {
    tenant.kb["CVE-2026-1"] = {7.5, false, "High", "a flaw", tenant.now_ms, tenant.now_ms};
  });
  plant(harness, 0, {"contoso", "fresh", "1.0", "CVE-2020-1"});
  check_reading(harness, Reading::incremental, true);
  CHECK(holds(harness, edge));
  CHECK(harness.held("vulnerability|CVE-2020-1|").size() == 1);
}
