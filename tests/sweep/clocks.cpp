// The Date header is off by a day, a year, ten, in both directions: in the answer to one request,
// to all of Defender's, to all of CAR's, to all of both; in a full import and in an incremental
// run. This machine's clock is right.
//
// Nothing that Defender still derives is taken from CAR, nothing goes by age where Defender's clock
// is off, and the run says so. The next run, whose clocks are right, ends as the oracle says, and
// the one after it sends nothing. Where both services agree on a wrong time against this machine,
// they are believed (nobody could tell that from a wrong clock here): what went by age then comes
// back.
#include <catch2/catch.hpp>

#include "host_clock.h"
#include "lying.h"

using namespace e2e;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::FaultKind;

namespace {

constexpr int64_t day_s = 86'400;
constexpr int64_t offs[] = {day_s, -day_s, 365 * day_s, -365 * day_s, 3650 * day_s, -3650 * day_s};
constexpr size_t requests = 30;  // of one run, and some that no run comes to

enum class Who { one_answer, defender, car, both };

struct Point {
  bool full;
  Who who;
  size_t request;  // of one_answer
  int64_t off_s;
};

std::vector<Point> points_of_requests() {
  std::vector<Point> out;
  for (const bool full : {true, false})
    for (const int64_t off_s : offs)
      for (size_t request = 0; request < requests; ++request)
        out.push_back({full, Who::one_answer, request, off_s});
  return out;
}

std::vector<Point> points_of_services() {
  std::vector<Point> out;
  for (const Who who : {Who::defender, Who::car, Who::both})
    for (const bool full : {true, false})
      for (const int64_t off_s : offs) out.push_back({full, who, 0, off_s});
  return out;
}

sweep::Tally& tally() {
  static sweep::Tally tally("clocks");
  return tally;
}

/// Inactive, and its 15 days are over by a clock that is a day ahead.
std::string plant_silent_machine(Harness& harness) {
  std::string id;
  harness.simulator().with_tenant([&](simulator::Tenant& tenant) {
    for (auto& [name, device] : tenant.devices) {
      if (device.silent || device.onboarding_status != "Onboarded") continue;
      id = name;
      tenant.report(device, tenant.now_ms);
      break;
    }
    // Time passes: an older lastSeen than the one that was read is no news.
    tenant.fall_silent({id}, 14 * simulator::day_ms + 6 * simulator::hour_ms);
  });
  return id;
}

void put_off(simulator::Simulator& simulator, const Point& point) {
  simulator::Fault fault{.kind = FaultKind::wrong_date, .date_off_s = point.off_s};
  if (point.who == Who::one_answer) {
    fault.after = static_cast<int>(point.request);
    fault.count = 1;
    return simulator.add_fault(fault);
  }
  for (const char* service : {"/defender/", "/graph/", "/car/"}) {
    const bool is_car = std::string(service) == "/car/";
    if (point.who != Who::both && is_car != (point.who == Who::car)) continue;
    fault.match = service;
    simulator.add_fault(fault);
  }
}

bool deletes_by_age(const RunReport& report) {
  for (const auto& sent : report.sent)
    if (sent.reason == "inactive-15") return true;
  return false;
}

std::string warnings_of(const RunReport& report) { return joined(report.warnings); }

void try_point(const Point& point) {
  INFO((point.full ? "full" : "incremental")
       << ", off by " << point.off_s / day_s << " days, "
       << (point.who == Who::one_answer ? "request " + std::to_string(point.request)
           : point.who == Who::defender ? "all of Defender's"
           : point.who == Who::car      ? "all of CAR's"
                                        : "all of both"));
  tally().begin_point();
  Scenario scenario;
  scenario.seed = 7;
  scenario.machines = 24;
  const auto harness = lying::some_hours_on(scenario, 20);
  HostClock host(harness->simulator().now_ms());
  const std::string silent = plant_silent_machine(*harness);
  host.set(harness->simulator().now_ms());
  put_off(harness->simulator(), point);
  harness->settings().mode = point.full ? Mode::full : Mode::automatic;
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  if (harness->simulator().faults_struck() > 0) tally().survived();
  harness->simulator().clear_faults();
  const std::string warnings = warnings_of(report);
  if (point.who == Who::both) {
    CHECK(warnings.find("this machine's clock") != std::string::npos);
  } else {
    CHECK_FALSE(report.failure);
    const std::string wrong = joined(harness->violations());
    tally().wrong_removals(harness->violations().size());
    CHECK(wrong == "");
  }
  if (point.who == Who::defender) {
    CHECK(report.outcome == defender_car::RunOutcome::partial);
    CHECK(warnings.find("Defender's clock is off") != std::string::npos);
    CHECK_FALSE(deletes_by_age(report));
  }
  if (point.who == Who::car) CHECK(report.outcome == defender_car::RunOutcome::done);
  harness->settings().mode = Mode::automatic;
  host.set(harness->simulator().now_ms());
  for (const char* run : {"next", "quiet"}) {
    const RunReport after = harness->sync_either_way();
    INFO(run << ": " << describe(after));
    const std::string differences = joined(harness->differences());
    CHECK_FALSE(after.failure);
    CHECK(differences == "");
    if (after.failure || !differences.empty()) tally().not_converged();
  }
  CHECK(joined(harness->writes_to_car()) == "");
  CHECK(harness->held("asset|" + silent).size() == 1);
}

}  // namespace

TEST_CASE("The Date of one answer is off, at every request", "[clocks]") {
  const std::vector<Point> points = points_of_requests();
  for (const size_t at : sweep::points(points.size(), 12)) {
    INFO("point " << at << " of " << points.size());
    try_point(points[at]);
  }
}

TEST_CASE("The Date of all that a service answers is off", "[clocks]") {
  const std::vector<Point> points = points_of_services();
  for (const size_t at : sweep::points(points.size(), 14)) {
    INFO("point " << at << " of " << points.size());
    try_point(points[at]);
  }
}
