// Whose word counts: what CAR refuses in its own words is set aside and comes again; what fails
// without such words, or altogether, is CAR's failure; what somebody else says in CAR's place is no
// answer; and a CAR that lost its data is not believed.
#include "planted.h"
#include "said.h"

using namespace e2e;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::CarGraph;
using simulator::CarService;
using simulator::FaultKind;
using simulator::JobFate;
using simulator::JobFault;
using simulator::Tenant;

namespace {

constexpr const char* kSource = "Microsoft-Windows-Defender-ATP";
constexpr const char* kOwn409 =
    R"({"errors":[{"code":"conflict","message":"this edge is kept"}],"trace":"t"})";

void with_car(Harness& harness, const std::function<void(CarService&)>& what) {
  harness.simulator().with_car(what);
}

RunReport good(Harness& harness, Reading reading, Mode mode = Mode::automatic) {
  harness.settings().mode = mode;
  const RunReport report = harness.sync(reading);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  return report;
}

void check_converges(Harness& harness) {
  harness.settings().mode = Mode::automatic;
  const RunReport report = harness.sync_either_way();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
}

/// Two alerts end, and the machine that has the last one takes another user.
std::unique_ptr<Harness> before_some_changes() {
  auto harness = std::make_unique<Harness>(small());
  good(*harness, Reading::full);
  harness->simulator().live(1);
  harness->simulator().with_tenant([](Tenant& tenant) {
    for (int time = 0; time < 2; ++time) {
      simulator::Alert& alert = open_alert(tenant, 0);
      alert.status = "Resolved";
      alert.last_update_ms = tenant.now_ms;
    }
    for (const size_t n : {0U, 1U, 2U}) {
      simulator::Device& device = fresh_device(tenant, n);
      if (!device.users.empty()) tenant.remove_user(device, 0);
      tenant.report(device, tenant.now_ms - 1000);
    }
  });
  return harness;
}

void fall_silent(Harness& harness, size_t count) {
  harness.simulator().with_tenant([&](Tenant& tenant) {
    std::set<std::string> ids;
    for (size_t n = 0; n < count; ++n) ids.insert(fresh_device(tenant, n).id);
    tenant.fall_silent(ids, 16 * simulator::day_ms);
  });
}

size_t requests(Harness& harness, const std::string& text) {
  size_t count = 0;
  for (const auto& request : harness.simulator().requests()) {
    const std::string line = request.method + " /" + request.service + request.target;
    if (line.find(text) != std::string::npos) ++count;
  }
  return count;
}

bool warns_of(const RunReport& report, const std::string& text) {
  return std::any_of(report.warnings.begin(), report.warnings.end(),
                     [&](const std::string& one) { return one.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("A job that fails without words about its records is CAR's failure", "[car]") {
  for (const JobFate fate :
       {JobFate::fails_by_server, JobFate::fails_wordless, JobFate::fails_with_zero,
        JobFate::fails_with_text, JobFate::fails_codeless}) {
    INFO("fate " << static_cast<int>(fate));
    Harness harness(small());
    with_car(harness, [&](CarService& car) { car.options().job_fault = JobFault{fate, 0, 1000}; });
    const RunReport failed = harness.disturbed_sync();
    INFO(describe(failed));
    CHECK(failed.failure == ErrorKind::car_recoverable);
    CHECK(failed.set_aside == 0);
    with_car(harness, [&](CarService& car) { car.options().job_fault = JobFault{fate, 1, 1}; });
    const RunReport next = good(harness, Reading::full);
    CHECK(next.set_aside == 0);
    CHECK(joined(harness.differences()) == "");
  }
}

TEST_CASE("A CAR that refuses most of a first import has nothing set aside", "[car]") {
  for (const bool by_job : {true, false})
    for (const char* in_all : {"\"source\"", "\"external_id\""}) {
      INFO((by_job ? "job, " : "envelope, ") << in_all);
      Harness harness(small());
      const auto poison = [&](const std::string& text) {
        with_car(harness, [&](CarService& car) {
          (by_job ? car.options().poison_job : car.options().poison_envelope) = text;
        });
      };
      poison(in_all);
      const RunReport failed = harness.disturbed_sync();
      INFO(describe(failed));
      CHECK(failed.failure == ErrorKind::car_recoverable);
      CHECK(failed.set_aside == 0);
      CHECK(requests(harness, "/imports") < 1000);
      poison("");
      check_converges(harness);
    }
}

TEST_CASE("What CAR refused comes again after a day, and in a full import at once", "[car]") {
  for (const Mode mode : {Mode::automatic, Mode::full}) {
    Harness harness(small());
    harness.simulator().with_tenant([](Tenant& tenant) { open_alert(tenant, 0).title = "POISON"; });
    with_car(harness, [](CarService& car) { car.options().poison_job = "POISON"; });
    CHECK(good(harness, Reading::full).set_aside == 1);
    CHECK(harness.differences().size() == 2);  // the alert and its edge
    with_car(harness, [](CarService& car) { car.options().poison_job = ""; });
    if (mode == Mode::automatic) {
      good(harness, Reading::incremental);
      CHECK(joined(harness.writes_to_car()) == "");
      harness.simulator().live(25);
    }
    good(harness, mode == Mode::full ? Reading::full : Reading::incremental, mode);
    CHECK(joined(harness.differences()) == "");
    good(harness, Reading::incremental);
    CHECK(joined(harness.writes_to_car()) == "");
  }
}

TEST_CASE("What is refused day after day is tried once a day and fails no run", "[car]") {
  Harness harness(small());
  harness.simulator().with_tenant([](Tenant& tenant) {
    for (size_t n = 0; n < 5; ++n) open_alert(tenant, n).title = "POISON";
  });
  with_car(harness, [](CarService& car) { car.options().poison_job = "POISON"; });
  CHECK(good(harness, Reading::full).set_aside == 5);
  harness.simulator().live(25);
  CHECK(good(harness, Reading::incremental).set_aside == 5);
  good(harness, Reading::incremental);
  CHECK(joined(harness.writes_to_car()) == "");
}

TEST_CASE("A 404 that is not CAR's own is no answer to any call", "[car]") {
  const std::pair<const char*, bool> calls[] = {{"&from=", false},
                                                {"DELETE /car/api/car/v2/source/", false},
                                                {"GET /car/api/car/v2/source/", false},
                                                {"PATCH /car/api/car/v2/source", false},
                                                {"importSchema", false},
                                                {"GET /car/api/car/v2/jobstatus", true},
                                                {"POST /car/api/car/v2/source/", true},
                                                {"GET /car/api/car/v2/importstatus", true},
                                                {"POST /car/api/car/v2/imports", true}};
  size_t ordinal = 0;
  for (const auto& [call, full] : calls)
    for (const char* body : {"<html>not found</html>", "no such page", " ", "[]", "{}"}) {
      if (!is_in_sample(ordinal++)) continue;
      INFO(call << " answers " << body);
      const auto harness = before_some_changes();
      fall_silent(*harness, 2);
      if (full) harness->settings().mode = Mode::full;
      harness->simulator().add_fault(
          {.match = call, .kind = FaultKind::status, .status = 404, .body = body});
      const RunReport report = harness->disturbed_sync();
      INFO(describe(report));
      CHECK(report.failure == ErrorKind::car_recoverable);
      CHECK(report.error.find("no answer of CAR's own") != std::string::npos);
      harness->simulator().clear_faults();
      check_converges(*harness);
    }
}

TEST_CASE("Of a DELETE that answers 404 each id is asked by itself", "[car]") {
  for (const bool all_are_gone : {false, true}) {
    const auto harness = before_some_changes();
    std::string gone;
    harness->simulator().with_tenant([&](Tenant& tenant) { gone = fresh_device(tenant, 0).id; });
    fall_silent(*harness, all_are_gone ? 1 : 3);
    with_car(*harness, [&](CarService& car) {
      car.options().deletes_all_or_none = true;
      CHECK(car.graph().delete_vertex(kSource, "asset", gone));
    });
    good(*harness, Reading::incremental);
    CHECK(joined(harness->differences()) == "");
  }
}

TEST_CASE("A change that CAR refuses keeps nothing behind it waiting and comes again", "[car]") {
  for (const bool by_full : {true, false}) {
    const auto harness = before_some_changes();
    fall_silent(*harness, 1);
    const std::set<std::string> before = harness->held("asset_vulnerability|");
    harness->simulator().add_fault({.match = "PATCH /car/api/car/v2/asset_vulnerability",
                                    .kind = FaultKind::status,
                                    .skip = 1,
                                    .status = 409,
                                    .body = kOwn409});
    const RunReport report = good(*harness, Reading::incremental);
    INFO(describe(report));
    CHECK(report.set_aside == 1);
    CHECK(warns_of(report, "this edge is kept"));
    CHECK(harness->differences().size() == 1);  // the edge that CAR keeps
    good(*harness, Reading::incremental);
    CHECK(joined(harness->writes_to_car()) == "");
    harness->simulator().clear_faults();
    if (!by_full) harness->simulator().live(25);
    good(*harness, by_full ? Reading::full : Reading::incremental,
         by_full ? Mode::full : Mode::automatic);
    CHECK(joined(harness->differences()) == "");
    good(*harness, Reading::incremental);
    CHECK(joined(harness->writes_to_car()) == "");
  }
}

TEST_CASE("A deletion that CAR refuses is one asset's", "[car]") {
  const auto harness = before_some_changes();
  std::string kept;
  harness->simulator().with_tenant([&](Tenant& tenant) { kept = fresh_device(tenant, 1).id; });
  fall_silent(*harness, 3);
  harness->simulator().add_fault({.match = kept, .status = 422, .body = kOwn409});
  const RunReport report = good(*harness, Reading::incremental);
  CHECK(warns_of(report, "delete asset " + kept));
  CHECK(harness->held("asset|").size() == 30 - 2);
  CHECK(say(*harness, "explain " + kept).out.find("CAR refused its removal in run 2: 422") !=
        std::string::npos);
  harness->simulator().clear_faults();
  harness->simulator().live(25);
  good(*harness, Reading::incremental);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("A CAR that refuses most changes fails the run and nothing is set aside", "[car]") {
  const auto harness = before_some_changes();
  harness->simulator().add_fault({.match = "&from=", .status = 422, .body = kOwn409});
  const RunReport report = harness->disturbed_sync();
  INFO(describe(report));
  CHECK(report.failure == ErrorKind::car_unrecoverable);
  CHECK(report.set_aside == 0);
  // A full import needs none.
  CHECK(good(*harness, Reading::full).mode == RunMode::full);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("An older save point than the last is CAR's past and means a full import", "[car]") {
  const auto harness = before_some_changes();
  CarGraph::Sources older;
  with_car(*harness, [&](CarService& car) { older = car.graph().backup(); });
  good(*harness, Reading::incremental);
  with_car(*harness, [&](CarService& car) { car.graph().restore(older); });
  const RunReport report = good(*harness, Reading::full);
  CHECK(report.mode == RunMode::full);
  CHECK(joined(harness->differences()) == "");
}

TEST_CASE("A CAR that lost its data and kept the save point is filled again", "[car]") {
  for (const bool aggregate : {true, false})
    for (const bool offset : {true, false}) {
      INFO("aggregate " << aggregate << ", offset " << offset);
      Harness harness(small());
      with_car(harness, [&](CarService& car) {
        car.options().query.knows_aggregate = aggregate;
        car.options().query.knows_offset = offset;
      });
      good(harness, Reading::full);
      good(harness, Reading::incremental);
      CHECK(requests(harness, "/v3/query") == 1);
      with_car(harness, [](CarService& car) { car.graph().lose_data(kSource); });
      const RunReport report = good(harness, Reading::full);
      CHECK(report.mode == RunMode::full);
      CHECK(report.reason.find("far fewer assets") != std::string::npos);
      CHECK(joined(harness.differences()) == "");
      CHECK(good(harness, Reading::incremental).mode == RunMode::incremental);
    }
}

TEST_CASE("A CAR that does not tell its number of assets is asked no more than once", "[car]") {
  Harness harness(small());
  with_car(harness, [](CarService& car) { car.options().query.available = false; });
  good(harness, Reading::full);
  good(harness, Reading::incremental);
  CHECK(requests(harness, "/v3/query") == 0);
  for (const int status : {500, 401, 200}) {  // a moment's trouble
    Harness other(small());
    good(other, Reading::full);
    other.simulator().add_fault({.match = "/v3/query", .count = 1, .status = status, .body = " "});
    CHECK(good(other, Reading::incremental).mode == RunMode::incremental);
  }
}

TEST_CASE("A number of assets that a full import does not mend is not believed", "[car]") {
  Harness harness(small());
  good(harness, Reading::full);
  harness.simulator().add_fault(
      {.match = "/v3/query",
       .kind = FaultKind::status,
       .status = 200,
       .body = R"({"data":{"asset_aggregate":{"aggregate":{"count":0}}}})"});
  const RunReport report = good(harness, Reading::full);
  CHECK(report.mode == RunMode::full);
  CHECK(warns_of(report, "also after this full import"));
  CHECK(good(harness, Reading::incremental).mode == RunMode::incremental);
}
