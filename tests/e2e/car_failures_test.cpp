// CAR in trouble: the run fails recoverably or goes on, and the next one ends as the oracle says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "harness.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::Operation;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;
using simulator::Tenant;

namespace {

std::unique_ptr<Harness> some_hours_on(uint64_t first_seed) {
  constexpr int hours = 40;
  Scenario scenario;
  scenario.seed = first_seed;
  scenario.machines = 24;
  scenario = without_departures(scenario, hours);
  scenario.identity = scenario.seed % 2 == 0 ? oracle::Identity::user : oracle::Identity::account;
  auto harness = std::make_unique<Harness>(scenario);
  REQUIRE_FALSE(harness->sync(Reading::full).failure);
  harness->simulator().live(hours);
  return harness;
}

void check_recovers(Harness& harness) {
  harness.simulator().clear_faults();
  harness.settings().mode = Mode::automatic;
  const RunReport next = harness.sync_either_way();
  INFO("then " << describe(next));
  CHECK_FALSE(next.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

const std::vector<const char*> calls{
    "GET /car/api/car/v2/databases", "GET /car/api/car/v2/source/",
    "POST /car/api/car/v2/imports",  "GET /car/api/car/v2/importstatus",
    "GET /car/api/car/v2/jobstatus", "PATCH /car/api/car/v2/source",
    "PATCH /car/api/car/v2/",        "POST /car/api/car/v2/source/",
    "DELETE /car/api/car/v2/source/"};

/// One machine that reports today and has a user; what happens to it there and back.
struct Turn {
  const char* name;
  const char* call;  // that CAR carries out and does not answer
  int skip;
  std::function<void(Tenant&, simulator::Device&)> there;
  std::function<void(Tenant&, simulator::Device&)> back;
};

void happen(Harness& harness, const std::function<void(Tenant&, simulator::Device&)>& what) {
  harness.simulator().live(1);
  harness.simulator().with_tenant([&](Tenant& tenant) {
    const auto found =
        std::find_if(tenant.devices.begin(), tenant.devices.end(), [&](const auto& entry) {
          const simulator::Device& device = entry.second;
          return device.onboarding_status == "Onboarded" && device.name && !device.users.empty();
        });
    REQUIRE(found != tenant.devices.end());
    what(tenant, found->second);
  });
}

void come(Tenant& tenant, simulator::Device& device) {
  simulator::User user = device.users.front();
  user.account_name = "newcomer";
  device.users.push_back(user);
  tenant.report(device, tenant.now_ms - 1000);
}

void go(Tenant& tenant, simulator::Device& device) {
  const auto is_newcomer = [](const simulator::User& user) {
    return user.account_name == "newcomer";
  };
  const auto at = std::find_if(device.users.begin(), device.users.end(), is_newcomer);
  REQUIRE(at != device.users.end());
  tenant.remove_user(device, static_cast<size_t>(at - device.users.begin()));
  tenant.report(device, tenant.now_ms - 1000);
}

void fall_silent(Tenant& tenant, simulator::Device& device) {
  tenant.fall_silent({device.id}, 16 * simulator::day_ms);
}

void wake(Tenant& tenant, simulator::Device& device) {
  device.silent = false;
  tenant.report(device, tenant.now_ms - 1000);
}

void open_alert(Tenant& tenant, simulator::Device& device) {
  simulator::Alert& alert = tenant.alerts["turning"];
  alert.id = "turning";
  alert.machine_id = device.id;
  alert.title = alert.description = "a title";
  alert.severity = "High";
  alert.status = "New";
  alert.last_update_ms = tenant.now_ms - 1000;
  if (alert.creation_ms == 0) alert.creation_ms = alert.first_event_ms = alert.last_update_ms;
}

void resolve_alert(Tenant& tenant, simulator::Device&) {
  tenant.alerts["turning"].status = "Resolved";
  tenant.alerts["turning"].last_update_ms = tenant.now_ms - 1000;
}

void install(Tenant& tenant, simulator::Device& device) {
  const std::string cve = tenant.catalogue.front().cves.front();
  tenant.software[device.id].push_back({"vendor", "turning", "1", cve});
}

void uninstall(Tenant& tenant, simulator::Device& device) {
  std::erase_if(tenant.software[device.id],
                [](const simulator::SoftwareRow& row) { return row.name == "turning"; });
}

void take_address(Tenant& tenant, simulator::Device& device, const std::string& address) {
  std::erase_if(device.adapters,
                [](const simulator::Adapter& adapter) { return adapter.name == "turning"; });
  device.adapters.push_back({"turning",
                             "02-00-00-00-00-01",
                             "Ethernet",
                             "Up",
                             "None",
                             {{address, "Private", 24}},
                             simulator::CellForm::text});
  tenant.report(device, tenant.now_ms - 1000);
}

void move_out(Tenant& tenant, simulator::Device& device) {
  take_address(tenant, device, "10.99.0.2");
}

void move_in(Tenant& tenant, simulator::Device& device) {
  take_address(tenant, device, "10.99.0.1");
}

const Turn comes_and_goes[] = {{"a user", "POST /car/api/car/v2/imports", 0, come, go},
                               {"a user", "POST /car/api/car/v2/imports", 1, come, go},
                               {"a user", "POST /car/api/car/v2/imports", 2, come, go},
                               {"a user", "POST /car/api/car/v2/imports", 3, come, go},
                               {"a user", "POST /car/api/car/v2/imports", 4, come, go}};

const Turn machine_goes_and_comes{"a machine", "DELETE /car/api/car/v2/source/", 0, fall_silent,
                                  wake};

const Turn goes_and_comes[] = {
    {"a user", "PATCH /car/api/car/v2/asset_user", 0, go, come},
    {"an alert", "PATCH /car/api/car/v2/asset_vulnerability", 0, resolve_alert, open_alert},
    {"software", "PATCH /car/api/car/v2/asset_application", 0, uninstall, install},
    {"an address", "PATCH /car/api/car/v2/asset_ipaddress", 0, move_out, move_in}};

std::unique_ptr<Harness> some_machines() {
  Scenario scenario;
  scenario.seed = 5;
  scenario.machines = 24;
  scenario.job_polls = 0;  // an import is carried out before anybody asks after it
  return std::make_unique<Harness>(scenario);
}

std::unique_ptr<Harness> with(const Turn& there) {
  auto harness = some_machines();
  happen(*harness, there.back);
  REQUIRE_FALSE(harness->sync(Reading::full).failure);
  return harness;
}

/// CAR carries it out and does not answer; then Defender takes it back.
void check_undone(Harness& harness, const Turn& turn) {
  INFO(turn.name << ", " << turn.call << " " << turn.skip);
  happen(harness, turn.there);
  harness.simulator().add_fault(
      {.match = turn.call, .kind = FaultKind::reset_after, .skip = turn.skip});
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  if (turn.skip == 0) CHECK(report.failure == ErrorKind::car_recoverable);
  happen(harness, turn.back);
  check_recovers(harness);
}

/// CAR does not carry it out.
void fail(Harness& harness, const Turn& turn) {
  happen(harness, turn.there);
  harness.simulator().add_fault({.match = turn.call, .status = 503});
  const RunReport report = harness.disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::car_recoverable);
  harness.simulator().clear_faults();
}

}  // namespace

TEST_CASE("What CAR did without an answer is undone when Defender takes it back", "[car]") {
  for (const Turn& turn : comes_and_goes) {
    const std::unique_ptr<Harness> harness = some_machines();
    REQUIRE_FALSE(harness->sync(Reading::full).failure);
    check_undone(*harness, turn);
  }
  for (const Turn& turn : goes_and_comes) check_undone(*with(turn), turn);
  check_undone(*with(machine_goes_and_comes), machine_goes_and_comes);
}

TEST_CASE("A removal that CAR did not take needs a complete reading once more", "[car]") {
  for (const Turn& turn : goes_and_comes) {
    INFO(turn.name);
    const std::unique_ptr<Harness> harness = with(turn);
    fail(*harness, turn);
    // It is there again, but nobody can read that: what Defender said before is no reason now.
    happen(*harness, turn.back);
    for (const char* route : {"logonusers", "unHuntingQuery", "/defender/api/alerts"})
      harness->simulator().add_fault({.match = route});
    const RunReport unread = harness->disturbed_sync();
    INFO(describe(unread));
    CHECK(unread.failure == ErrorKind::defender);
    CHECK(joined(harness->violations()) == "");
    check_recovers(*harness);
  }
}

TEST_CASE("A delete that CAR did not take is guarded once more", "[car]") {
  const std::unique_ptr<Harness> harness = with(machine_goes_and_comes);
  fail(*harness, machine_goes_and_comes);
  harness->settings().max_deletes = {.count = 0};
  const std::set<std::string> assets = harness->held("asset|");
  const RunReport held = harness->disturbed_sync();
  INFO(describe(held));
  CHECK(held.failure == ErrorKind::guard);
  CHECK(harness->held("asset|") == assets);
}

TEST_CASE("A call to CAR that fails again and again only postpones", "[car]") {
  const std::vector<Fault> troubles{{.kind = FaultKind::status, .status = 503},
                                    {.kind = FaultKind::status, .status = 401},
                                    {.kind = FaultKind::status, .status = 405},
                                    {.kind = FaultKind::reset_before},
                                    {.kind = FaultKind::reset_after},
                                    {.kind = FaultKind::truncated},
                                    {.kind = FaultKind::html200}};
  size_t ordinal = 0;
  for (const Mode mode : {Mode::automatic, Mode::full})
    for (const char* call : calls)
      for (const int skip : {0, 1, 3})
        for (Fault fault : troubles) {
          if (!is_in_sample(ordinal++)) continue;
          INFO((mode == Mode::full ? "full, " : "incremental, ")
               << call << ", kind " << static_cast<int>(fault.kind) << " status " << fault.status
               << " after " << skip);
          const std::unique_ptr<Harness> harness = some_hours_on(5);
          harness->settings().mode = mode;
          fault.match = call;
          fault.skip = skip;
          harness->simulator().add_fault(fault);
          const RunReport report = harness->disturbed_sync();
          INFO(describe(report));
          CHECK(joined(harness->violations()) == "");
          if (report.failure)
            CHECK((*report.failure == ErrorKind::car_recoverable ||
                   *report.failure == ErrorKind::car_unrecoverable));
          check_recovers(*harness);
        }
}

TEST_CASE("A refused envelope is split until all good records are in", "[car]") {
  const std::unique_ptr<Harness> harness = some_hours_on(15);
  harness->settings().mode = Mode::full;  // so that the envelope holds more than one record
  harness->simulator().add_fault(
      {.match = "POST /car/api/car/v2/imports",
       .count = 1,
       .status = 400,
       .body =
           R"({"errors":[{"code":"data_mal_formed","message":"asset[0] is odd"}],"trace":""})"});
  const RunReport report = harness->sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.set_aside == 0);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("An edge that CAR has lost by itself counts as disabled", "[car]") {
  const std::unique_ptr<Harness> harness = some_hours_on(25);
  // All that would be disabled by this run is gone already.
  simulator::Tenant tenant = harness->simulator().tenant();
  oracle::Oracle next = harness->oracle();
  next.observe(tenant, false);
  const std::set<std::string> wanted = next.edges();
  harness->simulator().with_car([&](simulator::CarService& car) {
    for (const std::string& line : car.graph().edge_lines()) {
      if (wanted.contains(line)) continue;
      const size_t first = line.find('|');
      const size_t second = line.find('|', first + 1);
      car.graph().disable_edge(
          "Microsoft-Windows-Defender-ATP", line.substr(0, first),
          {line.substr(first + 1, second - first - 1), line.substr(second + 1)});
    }
  });
  const RunReport report = harness->sync(Reading::incremental);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("An updated alert whose edge CAR has lost is imported again", "[car]") {
  const std::unique_ptr<Harness> harness = with(goes_and_comes[1]);
  std::string machine;
  happen(*harness, [&](Tenant& tenant, simulator::Device& device) {
    open_alert(tenant, device);
    machine = device.id;
  });
  harness->simulator().with_car([&](simulator::CarService& car) {
    CHECK(car.graph().disable_edge("Microsoft-Windows-Defender-ATP", "asset_vulnerability",
                                   {machine, "turning"}));
  });
  const RunReport report = harness->sync(Reading::incremental);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("A save point that CAR did not take costs no full import", "[car]") {
  for (const FaultKind kind : {FaultKind::status, FaultKind::reset_after}) {
    const std::unique_ptr<Harness> harness = some_hours_on(45);
    harness->simulator().add_fault(
        {.match = "PATCH /car/api/car/v2/source", .kind = kind, .status = 503});
    CHECK(harness->disturbed_sync().failure == ErrorKind::car_recoverable);
    harness->simulator().clear_faults();
    const RunReport next = harness->sync(Reading::incremental);
    INFO(describe(next));
    CHECK(next.mode == RunMode::incremental);
    CHECK(joined(harness->differences()) == "");
  }
}

TEST_CASE("An import left open is asked after and not sent again", "[car]") {
  const std::unique_ptr<Harness> harness = some_machines();
  REQUIRE_FALSE(harness->sync(Reading::full).failure);
  happen(*harness, come);
  harness->simulator().add_fault({.match = "GET /car/api/car/v2/importstatus"});
  CHECK(harness->disturbed_sync().failure == ErrorKind::car_recoverable);
  harness->simulator().clear_faults();
  const RunReport next = harness->sync(Reading::incremental);
  INFO(describe(next));
  CHECK_FALSE(next.failure);
  // The vertices, whose job nobody had seen the end of.
  CHECK(std::none_of(next.sent.begin(), next.sent.end(),
                     [](const auto& sent) { return sent.operation == Operation::vertex; }));
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("A CAR that lost everything is filled by a full import", "[car]") {
  const std::unique_ptr<Harness> harness = some_hours_on(35);
  harness->simulator().with_car([](simulator::CarService& car) {
    car.graph().clear();
    car.options().database = simulator::DatabaseState::absent;
  });
  const RunReport report = harness->sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.mode == RunMode::full);
  CHECK(joined(harness->differences()) == "");
}
