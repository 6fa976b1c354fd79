// What Defender refuses for good, or for now: which refusals belong to one machine or CVE, which to
// a table or a query, which to something between, and that none of them takes anything from CAR.
#include <algorithm>
#include <catch2/catch.hpp>

#include "said.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::HuntingApi;
using defender_car::LogonSource;
using defender_car::Mode;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::Tenant;

namespace {

/// Of 24 machines none leaves the list within a day.
Scenario small_tenant(Source source = Source::graph) {
  Scenario out;
  out.seed = 7;
  out.machines = 24;
  out.source = source;
  out.oddities = false;
  return without_departures(out, 24);
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

bool contains(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

bool is_warned(const RunReport& report, const std::string& piece) {
  return std::any_of(report.warnings.begin(), report.warnings.end(),
                     [&](const std::string& warning) { return contains(warning, piece); });
}

void check_nothing_taken(Harness& harness, const RunReport& report) {
  INFO(describe(report));
  CHECK(joined(harness.violations()) == "");
}

void check_converged(Harness& harness, const RunReport& report) {
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.outcome == defender_car::RunOutcome::done);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

/// The machine's id and what its question for users ends in.
std::string users_of(const std::string& id) { return "/machines/" + id + "/logonusers"; }

std::string first_machine(Harness& harness) {
  return harness.simulator().tenant().devices.begin()->first;
}

/// Bodies of 404 and 403 that something between might give.
const std::vector<std::string> foreign_bodies{
    "<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "default backend - 404",
    " ",
    "{}",
    R"({"statusCode":404,"message":"Resource not found"})",
    R"({"error":{"code":404,"message":"Requested entity was not found."}})"};

}  // namespace

TEST_CASE("A hunt that is too heavy is divided in every dataset and by either way", "[heavy]") {
  Scenario scenario = small_tenant(GENERATE(Source::graph, Source::retiring));
  scenario.logon = LogonSource::hunting;
  scenario.heavy_until_shards = GENERATE(8, 32);
  Harness harness(scenario);
  check_converged(harness, harness.sync(Reading::full));
  harness.simulator().live(5);
  check_converged(harness, harness.sync(Reading::incremental));
}

TEST_CASE("A hunt that is too heavy in its smallest parts is incomplete and says why", "[heavy]") {
  Scenario scenario = small_tenant();
  scenario.logon = LogonSource::hunting;
  Harness harness(scenario);
  check_converged(harness, harness.sync(Reading::full));
  harness.simulator().live(5);
  harness.simulator().with_defender(
      [](auto& service) { service.options().heavy_until_shards = 5'000; });
  const RunReport report = harness.disturbed_sync();
  check_nothing_taken(harness, report);
  CHECK(report.failure == ErrorKind::defender);
  CHECK(contains(report.error, "preempted"));
  for (const char* name : {"network", "users", "vulnerabilities"})
    CHECK(state_of(report, name) == "incomplete");
  harness.simulator().with_defender(
      [](auto& service) { service.options().heavy_until_shards = 1; });
  check_converged(harness, harness.sync(Reading::incremental));
}

TEST_CASE("A time-out of a hunt divides it and a wrong query does not", "[heavy]") {
  const int status = GENERATE(504, 408, 400);
  Harness harness(small_tenant());
  check_converged(harness, harness.sync(Reading::full));
  harness.simulator().live(5);
  harness.http_options().late_ms = -1;  // it took its time
  harness.simulator().add_fault({.match = "runHuntingQuery",
                                 .count = 1,
                                 .status = status,
                                 .body = R"({"error":{"code":"BadRequest","message":)"
                                         R"("Fix semantic errors: no column 'memory'"}})"});
  if (status != 400) return check_converged(harness, harness.sync(Reading::incremental));
  const RunReport report = harness.disturbed_sync();
  check_nothing_taken(harness, report);
  CHECK(report.failure == ErrorKind::invalid_parameter);
  CHECK(asked(harness, "runHuntingQuery") <= 4);
}

TEST_CASE("A few machines whose users are refused are their own matter", "[users]") {
  Scenario scenario = small_tenant();
  scenario.logon = LogonSource::api;
  scenario.refusing_users = 3;  // 400, 500, 204
  Harness harness(scenario);
  std::vector<std::string> refusing;
  for (const auto& [id, device] : harness.simulator().tenant().devices)
    if (device.users_status != 200) refusing.push_back(id);
  REQUIRE(refusing.size() == 3);
  const auto asked_of_them = [&] {
    std::vector<bool> out;
    for (const std::string& id : refusing) out.push_back(asked(harness, users_of(id)) > 0);
    return out;
  };
  const std::vector<bool> all(3, true);
  const std::vector<bool> none(3, false);

  RunReport report = harness.sync(Reading::full);
  check_converged(harness, report);
  CHECK(is_warned(report, "refuses to tell the logon users of machines of 3"));
  CHECK(is_warned(report, refusing.front()));
  CHECK(asked_of_them() == all);
  // At the next run, and then after an hour, and after two more.
  for (const bool due : {true, false, false}) {
    report = harness.sync(Reading::incremental);
    check_converged(harness, report);
    CHECK(report.mode == RunMode::incremental);  // CAR's session took place
    CHECK(is_warned(report, refusing.front()));
    CHECK(asked_of_them() == (due ? all : none));
  }
  harness.settings().mode = Mode::full;
  check_converged(harness, harness.sync(Reading::full));
  CHECK(asked_of_them() == none);
  harness.settings().mode = Mode::automatic;
  for (const bool due : {true, false, true}) {
    harness.simulator().live(1);
    check_converged(harness, harness.sync(Reading::incremental));
    CHECK(asked_of_them() == (due ? all : none));
  }
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (auto& [id, device] : tenant.devices) device.users_status = 200;
    ++tenant.changes;
  });
  harness.settings().mode = Mode::full;
  harness.simulator().live(4);
  report = harness.sync(Reading::full);
  check_converged(harness, report);
  CHECK_FALSE(is_warned(report, "refuses"));
}

TEST_CASE("More than a few refusals are the service's failure", "[users]") {
  Scenario scenario = small_tenant();
  scenario.logon = LogonSource::api;
  scenario.refusing_users = 4;
  Harness harness(scenario);
  const RunReport report = harness.disturbed_sync();
  check_nothing_taken(harness, report);
  CHECK(report.failure == ErrorKind::defender);
  CHECK(state_of(report, "users") == "incomplete");
  CHECK(contains(report.error, "4 of "));
}

TEST_CASE("A machine that refuses alone is told from a service that is down", "[users]") {
  const bool down = GENERATE(true, false);
  const int status = GENERATE(500, 204, 404);
  Scenario scenario = small_tenant();
  scenario.logon = LogonSource::api;
  Harness harness(scenario);
  check_converged(harness, harness.sync(Reading::full));
  harness.simulator().with_tenant([](Tenant& tenant) { REQUIRE(tenant.touch(1) == 1); });
  const Tenant tenant = harness.simulator().tenant();
  const auto touched = std::max_element(
      tenant.devices.begin(), tenant.devices.end(),
      [](const auto& a, const auto& b) { return a.second.last_seen_ms < b.second.last_seen_ms; });
  harness.simulator().add_fault({.match = down ? "/logonusers" : users_of(touched->first),
                                 .status = status,
                                 .body = "<html>a page</html>"});
  for (int run = 0; run < 3; ++run) {
    const RunReport report = harness.disturbed_sync();
    check_nothing_taken(harness, report);
    CHECK(report.failure.has_value() == down);
    CHECK(asked(harness, "/logonusers") >= 1 - (down ? 0 : run / 2));
  }
  harness.simulator().clear_faults();
  harness.simulator().live(2);
  CHECK_FALSE(harness.sync(Reading::incremental).failure);
}

TEST_CASE("A wait that is longer than a run ends all calls of its quota in the run", "[wait]") {
  const std::string words =
      R"({"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 1500 per )"
      R"(01:00:00. You can send requests again in )";
  const std::string wait = GENERATE_COPY(as<std::string>{}, words + R"(2053 seconds."}})",
                                         words + R"(00:34:13."}})", "header");
  const auto [route, dataset] = GENERATE(table<std::string, std::string>(
      {{"/logonusers", "users"}, {"runHuntingQuery", "network"}, {"advancedqueries", "network"}}));
  INFO(route << ": " << wait);
  Scenario scenario = small_tenant(route == "advancedqueries" ? Source::retiring : Source::graph);
  scenario.logon = LogonSource::api;
  Harness harness(scenario);
  harness.simulator().add_fault({.match = route,
                                 .status = 429,
                                 .retry_after = wait == "header" ? "2053" : "",
                                 .body = wait == "header" ? "" : wait});
  const RunReport report = harness.disturbed_sync();
  check_nothing_taken(harness, report);
  CHECK(report.failure == ErrorKind::defender);
  CHECK(state_of(report, dataset) == "incomplete");
  CHECK(contains(report.error, "not to be asked again before 20"));
  CHECK(asked(harness, route) == 1);
  harness.simulator().clear_faults();
  check_converged(harness, harness.sync(Reading::full));
}

TEST_CASE("A page of something between is no answer to a question by id", "[foreign]") {
  const std::string body = GENERATE(from_range(foreign_bodies));
  INFO(body);
  Harness harness(small_tenant());
  check_converged(harness, harness.sync(Reading::full));
  const std::string id = first_machine(harness);
  // The list no longer names it, as if its device group had been withdrawn.
  harness.simulator().with_defender([&](auto& service) {
    service.lies().tell(
        {.kind = simulator::LieKind::hidden, .match = "/api/machines?", .ids = {id}});
  });
  harness.simulator().add_fault(
      {.match = "/api/machines/" + id, .count = 1, .status = 404, .body = body});
  harness.settings().mode = Mode::full;
  const RunReport report = harness.disturbed_sync();
  check_nothing_taken(harness, report);
  CHECK_FALSE(report.failure);
  CHECK(is_warned(report, id));
  CHECK(harness.held("asset|" + id).size() == 1);

  // No window shows it, so it is asked for again, until Defender itself says that it is gone.
  harness.simulator().clear_faults();
  harness.simulator().with_tenant([&](Tenant& tenant) {
    tenant.devices.erase(id);
    ++tenant.changes;
  });
  harness.settings().mode = Mode::automatic;
  const RunReport next = harness.disturbed_sync();
  INFO(describe(next));
  CHECK_FALSE(next.failure);
  CHECK(next.mode == RunMode::incremental);
  CHECK(asked(harness, "/api/machines/" + id) == 1);
  CHECK(harness.held("asset|" + id).empty());
}

TEST_CASE("A page of something between is a failed request everywhere", "[foreign]") {
  const std::string body = GENERATE(from_range(foreign_bodies));
  const int status = GENERATE(404, 403);
  struct Route {
    std::string match;
    Source source;
  };
  const Route route = GENERATE(
      Route{"GET /defender/api/machines?$filter", Source::graph},
      Route{"GET /defender/api/alerts", Source::graph}, Route{"/logonusers", Source::graph},
      Route{"/runHuntingQuery", Source::graph}, Route{"/advancedqueries", Source::retiring},
      Route{"VulnerabilityChangesByMachine", Source::export_only},
      Route{"/api/vulnerabilities", Source::export_only});
  INFO(route.match << " " << status << " " << body);
  Scenario scenario = small_tenant(route.source);
  scenario.logon = LogonSource::api;
  Harness harness(scenario);
  check_converged(harness, harness.sync(Reading::full));
  harness.simulator().live(5);
  harness.simulator().add_fault({.match = route.match, .status = status, .body = body});
  const RunReport report = harness.disturbed_sync();
  check_nothing_taken(harness, report);
  CHECK(report.failure);
  harness.simulator().clear_faults();
  check_converged(harness, harness.sync(Reading::incremental));
}

TEST_CASE("A proxy's refusal of hunting decides no source", "[foreign]") {
  const int status = GENERATE(403, 404, 410);
  Harness harness(small_tenant());
  for (const char* way : {"runHuntingQuery", "advancedqueries"})
    harness.simulator().add_fault({.match = way, .status = status, .body = "<html>blocked</html>"});
  const RunReport report = harness.disturbed_sync();
  CHECK(report.failure == ErrorKind::defender);
  CHECK(state_of(report, "network") == "incomplete");
  harness.simulator().clear_faults();
  check_converged(harness, harness.sync(Reading::full));
}

TEST_CASE("A canary that is hidden by a page of something between is no missing one", "[foreign]") {
  Harness harness(small_tenant());
  check_converged(harness, harness.sync(Reading::full));
  harness.settings().canaries = {first_machine(harness)};
  harness.simulator().add_fault({.match = "/api/machines/" + first_machine(harness),
                                 .status = 404,
                                 .body = "<html>no such route</html>"});
  const RunReport report = harness.disturbed_sync();
  CHECK(report.failure == ErrorKind::defender);
  CHECK(contains(report.error, "something between"));
  CHECK_FALSE(contains(report.error, "does not show the canary"));
}

TEST_CASE("A table that is no longer there takes nothing and names the option", "[tables]") {
  const auto [table, dataset, option] =
      GENERATE(Catch::Generators::table<std::string, std::string, std::string>(
          {{"DeviceNetworkInfo", "network", "--network-source machines"},
           {"DeviceTvmSoftwareVulnerabilities", "vulnerabilities",
            "--vulnerability-source export"}}));
  Scenario scenario = small_tenant(GENERATE(Source::graph, Source::retiring));
  scenario.logon = LogonSource::api;
  Harness harness(scenario);
  check_converged(harness, harness.sync(Reading::full));
  harness.simulator().live(5);
  harness.simulator().with_defender(
      [&, name = table](auto& service) { service.options().missing_tables = {name}; });
  for (const Mode mode : {Mode::automatic, Mode::full}) {
    harness.settings().mode = mode;
    const RunReport report = harness.disturbed_sync();
    check_nothing_taken(harness, report);
    CHECK(report.failure == ErrorKind::forbidden);
    CHECK(state_of(report, dataset) == "incomplete");
    CHECK(contains(report.error, option));
  }
}

TEST_CASE("A tenant without a table is like one without hunting for it", "[tables]") {
  const bool exported = GENERATE(true, false);
  Scenario scenario = small_tenant(GENERATE(Source::graph, Source::retiring));
  scenario.missing_tables = {"DeviceTvmSoftwareVulnerabilities",
                             "DeviceTvmSoftwareVulnerabilitiesKB"};
  Harness harness(scenario);
  harness.simulator().with_defender(
      [&](auto& service) { service.options().vulnerability_export = exported; });
  for (const Reading reading : {Reading::full, Reading::incremental}) {
    const RunReport report = harness.sync(reading);
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(report.outcome == defender_car::RunOutcome::done);
    CHECK(state_of(report, "vulnerabilities") == (exported ? "complete" : "unavailable"));
    if (exported) CHECK(joined(harness.differences()) == "");
  }
}

TEST_CASE("Logon users come by the API where hunting lacks a table", "[tables]") {
  Scenario scenario = small_tenant();
  scenario.machines = 120;  // more than auto asks the API for
  scenario.missing_tables = {GENERATE("DeviceInfo", "DeviceLogonEvents")};
  Harness harness(scenario);
  const RunReport report = harness.sync(Reading::full);
  check_converged(harness, report);
  CHECK(is_warned(report, "each machine is asked for its own"));
  harness.forget_everything();
  harness.settings().logon_source = LogonSource::hunting;
  const RunReport asked_for = harness.disturbed_sync();
  CHECK(asked_for.failure == ErrorKind::forbidden);
  CHECK(contains(asked_for.error, "--logon-source api"));
}

TEST_CASE("A token that does not tell its roles decides nothing", "[token]") {
  using simulator::TokenForm;
  Scenario scenario = small_tenant(GENERATE(Source::graph, Source::retiring, Source::export_only));
  scenario.token_form =
      GENERATE(TokenForm::text, TokenForm::without, TokenForm::opaque, TokenForm::encrypted);
  Harness harness(scenario);
  check_converged(harness, harness.sync(Reading::full));
  const bool by_graph = scenario.source == Source::graph;
  CHECK((asked(harness, "advancedqueries") == 0) == by_graph);
  const Said said = say(harness, "check");
  INFO(said.out << said.err);
  CHECK(contains(said.out, "not known: the token does not tell") ==
        (scenario.token_form != TokenForm::text));
  CHECK_FALSE(contains(said.out, "missing, for machines"));
}

TEST_CASE("One CVE that is refused by name is left out, and the others are known", "[cves]") {
  Harness harness(small_tenant(Source::export_only));
  const Tenant tenant = harness.simulator().tenant();
  std::string refused;
  for (const auto& [device, rows] : tenant.software)
    for (const auto& row : rows)
      if (!row.cve_id.empty() && tenant.kb.contains(row.cve_id)) refused = row.cve_id;
  REQUIRE_FALSE(refused.empty());
  harness.set_meaning([&](Tenant& seen) { seen.kb.erase(refused); });
  harness.simulator().add_fault({.match = refused, .status = 400});
  for (const Reading reading : {Reading::full, Reading::incremental}) {
    const RunReport report = harness.sync(reading);
    check_converged(harness, report);
    CHECK(is_warned(report, refused));
  }
}
