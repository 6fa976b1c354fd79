// CAR in trouble: the run fails recoverably or goes on, and the next one ends as the oracle says.
#include <catch2/catch.hpp>

#include "harness.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;

namespace {

std::unique_ptr<Harness> some_hours_on(uint64_t first_seed) {
  for (uint64_t seed = first_seed;; ++seed) {
    Scenario scenario;
    scenario.seed = seed;
    scenario.machines = 24;
    scenario.identity = seed % 2 == 0 ? oracle::Identity::user : oracle::Identity::account;
    auto harness = std::make_unique<Harness>(scenario);
    REQUIRE_FALSE(harness->sync(Reading::full).failure);
    harness->simulator().live(40);
    if (harness->simulator().tenant().retired.empty()) return harness;
  }
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

}  // namespace

TEST_CASE("A call to CAR that fails again and again only postpones", "[car]") {
  const std::vector<Fault> troubles{{.kind = FaultKind::status, .status = 503},
                                    {.kind = FaultKind::status, .status = 401},
                                    {.kind = FaultKind::status, .status = 405},
                                    {.kind = FaultKind::reset_before},
                                    {.kind = FaultKind::reset_after},
                                    {.kind = FaultKind::truncated},
                                    {.kind = FaultKind::html200}};
  for (const Mode mode : {Mode::automatic, Mode::full})
    for (const char* call : calls)
      for (const int skip : {0, 1, 3})
        for (Fault fault : troubles) {
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

TEST_CASE("A CAR that lost everything is filled by a full import", "[car]") {
  const std::unique_ptr<Harness> harness = some_hours_on(35);
  harness->simulator().with_car([](simulator::CarService& car) {
    car.graph().clear();
    car.options().database = simulator::DatabaseState::absent;
  });
  const RunReport report = harness->sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.mode == "full");
  CHECK(joined(harness->differences()) == "");
}
