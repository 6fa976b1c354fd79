// CAR refuses one record: the others arrive, the bad one is set aside alone and within a day only a
// full import sends it again unchanged, its edges wait with it, what CAR holds of it from before
// stays, and once it looks different in Defender it is sent again.
#include <catch2/catch.hpp>

#include "planted.h"

using namespace e2e;
using defender_car::Mode;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::Alert;
using simulator::CarService;
using simulator::Tenant;

namespace {

/// Whether the envelope is refused at once or its job fails.
enum class Refuses { envelope, job };

void poison(Harness& harness, Refuses refuses, const std::string& text) {
  harness.simulator().with_car([&](CarService& car) {
    (refuses == Refuses::job ? car.options().poison_job : car.options().poison_envelope) = text;
  });
}

size_t imports(Harness& harness) {
  size_t count = 0;
  for (const auto& request : harness.simulator().requests())
    if (request.method == "POST" && request.target.ends_with("/imports")) ++count;
  return count;
}

RunReport run(Harness& harness, Reading reading, Mode mode = Mode::automatic) {
  harness.settings().mode = mode;
  const RunReport report = harness.sync(reading);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  return report;
}

void check_quiet(Harness& harness) {
  run(harness, Reading::incremental);
  CHECK(joined(harness.writes_to_car()) == "");
}

void retitle(Harness& harness, const std::string& id, const std::string& title) {
  harness.simulator().live(1);
  harness.simulator().with_tenant([&](Tenant& tenant) {
    Alert& alert = tenant.alerts.at(id);
    alert.title = title;
    alert.status = "InProgress";
    alert.last_update_ms = tenant.now_ms;
  });
}

}  // namespace

TEST_CASE("One bad edge of 2,000 stands alone in the end", "[car]") {
  for (const Refuses refuses : {Refuses::job, Refuses::envelope}) {
    Scenario scenario = small();
    scenario.machines = 240;
    Harness harness(scenario);
    oracle::Oracle next = harness.oracle();
    next.observe(harness.simulator().tenant(), true);
    std::vector<std::string> edges;
    for (const std::string& line : next.edges())
      if (line.starts_with("asset_vulnerability|")) edges.push_back(line);
    REQUIRE(edges.size() >= 2000);
    const std::string bad = edges[edges.size() / 3];
    const size_t first = bad.find('|') + 1, second = bad.find('|', first) + 1;
    const std::string cve = bad.substr(second);
    poison(harness, refuses,
           "{\"_from_external_id\":\"" + bad.substr(first, second - first - 1) +
               "\",\"_to_external_id\":\"" + cve + "\"");

    const RunReport report = run(harness, Reading::full);
    CHECK(report.set_aside == 1);
    CHECK(joined(harness.differences()) == "\n  missing edge " + bad);
    CHECK(imports(harness) < 60);
    check_quiet(harness);

    // Tried again and still refused, and never reported before: nothing keeps the session from
    // ending.
    CHECK(run(harness, Reading::full, Mode::full).set_aside == 1);
    CHECK(joined(harness.differences()) == "\n  missing edge " + bad);

    poison(harness, refuses, "");
    harness.simulator().live(1);
    harness.simulator().with_tenant([&](Tenant& tenant) {
      if (tenant.kb.contains(cve)) {
        tenant.kb.at(cve).description = "looks different now";
        tenant.kb.at(cve).last_modified_ms = tenant.now_ms;
        return;
      }
      tenant.alerts.at(cve).title = "looks different now";
      tenant.alerts.at(cve).last_update_ms = tenant.now_ms;
    });
    run(harness, Reading::incremental);
    CHECK(joined(harness.differences()) == "");
    check_quiet(harness);
  }
}

TEST_CASE("The edges of a vertex set aside wait with it until it looks different", "[car]") {
  for (const Refuses refuses : {Refuses::job, Refuses::envelope}) {
    Harness harness(small());
    std::string id;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      Alert& alert = open_alert(tenant, 0);
      alert.title = "POISON";
      id = alert.id;
    });
    poison(harness, refuses, "POISON");
    CHECK(run(harness, Reading::full).set_aside == 1);
    CHECK(harness.held("vulnerability|" + id).empty());
    CHECK(harness.differences().size() == 2);  // the vertex and its edge
    check_quiet(harness);
    retitle(harness, id, "POISON once more");
    CHECK(run(harness, Reading::incremental).set_aside == 1);
    CHECK(harness.held("vulnerability|" + id).empty());
    check_quiet(harness);
    retitle(harness, id, "a good title");
    CHECK(run(harness, Reading::incremental).set_aside == 0);
    CHECK(joined(harness.differences()) == "");
    check_quiet(harness);
  }
}

TEST_CASE("What CAR holds of a record that it refuses now stays, in full imports too", "[car]") {
  for (const Refuses refuses : {Refuses::job, Refuses::envelope}) {
    Harness harness(small());
    run(harness, Reading::full);
    std::string id, title;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      const Alert& alert = open_alert(tenant, 0);
      id = alert.id;
      title = alert.title;
    });
    retitle(harness, id, "POISON");
    poison(harness, refuses, "POISON");
    harness.set_meaning([&](Tenant& tenant) { tenant.alerts.at(id).title = title; });
    CHECK(run(harness, Reading::incremental).set_aside == 1);
    CHECK(joined(harness.differences()) == "");
    for (int time = 0; time < 2; ++time) {  // known as refused, no longer sent
      const RunReport report = run(harness, Reading::full, Mode::full);
      CHECK(report.warnings.size() <= 1);  // the clock's
      CHECK(joined(harness.differences()) == "");
      check_quiet(harness);
    }
    retitle(harness, id, "POISON first seen in a full import");
    CHECK(run(harness, Reading::full, Mode::full).set_aside == 1);
    CHECK(joined(harness.differences()) == "");
    check_quiet(harness);
    harness.set_meaning({});
    retitle(harness, id, "a good title");
    run(harness, Reading::incremental);
    CHECK(joined(harness.differences()) == "");
    check_quiet(harness);
  }
}

TEST_CASE("An edge that CAR holds and refuses now keeps the session from ending", "[car]") {
  Harness harness(small());
  run(harness, Reading::full);
  const std::string bad = *harness.held("asset_hostname|").begin();
  const size_t first = bad.find('|') + 1, second = bad.find('|', first) + 1;
  poison(harness, Refuses::job,
         "{\"_from_external_id\":\"" + bad.substr(first, second - first - 1) +
             "\",\"_to\":\"hostname/" + bad.substr(second) + "\"");
  run(harness, Reading::full, Mode::full);
  CHECK(joined(harness.differences()) == "");
  // What ends meanwhile is taken one by one: no later run may have to be full for it.
  harness.simulator().live(30);
  const RunReport next = run(harness, Reading::incremental);
  CHECK(next.mode == RunMode::incremental);
  CHECK(joined(harness.differences()) == "");
  check_quiet(harness);
}
