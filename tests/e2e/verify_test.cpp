// verify: an undisturbed life shows no drift; planted drift is found, named and repaired; and
// nothing that CAR may answer, or that a repair may run into, leads further astray.
#include <fstream>
#include <map>

#include "audit/explain.h"
#include "guarded.h"
#include "planted.h"
#include "store/lock.h"
#include "verifying.h"

using namespace e2e;
using defender_car::Error;
using defender_car::ErrorKind;
using defender_car::VerifyReport;
using simulator::CarService;
using simulator::FaultKind;

namespace {

Scenario of(oracle::Identity identity, uint64_t seed = 4) {
  Scenario scenario;
  scenario.seed = seed;
  scenario.machines = 30;
  scenario.identity = identity;
  return scenario;
}

void check_equal(Harness& harness, const std::string& when) {
  const VerifyReport report = verified(harness);
  INFO(when << ": " << describe(report));
  CHECK_FALSE(report.differs());
  CHECK(report.warnings.empty());
  CHECK(report.left_alone.empty());
  CHECK(report.edges > 0);
}

/// After a repair: CAR is what the oracle wants, a second look is silent, a sync has nothing to do.
void check_all_is_well(Harness& harness) {
  harness.simulator().with_car(
      [](CarService& car) { car.graph().source(kAnother).vertices.clear(); });
  CHECK(joined(harness.violations()) == "");
  CHECK(joined(harness.differences()) == "");
  const VerifyReport again = verified(harness);
  INFO(describe(again));
  CHECK_FALSE(again.differs());
  const auto report = harness.sync(Reading::incremental);
  INFO(describe(report));
  CHECK(report.outcome == defender_car::RunOutcome::done);
  CHECK(joined(harness.writes_to_car()) == "");
}

void set_query(Harness& harness, const std::function<void(simulator::QueryOptions&)>& change) {
  harness.simulator().with_car([&](CarService& car) {
    car.options().query = {};
    change(car.options().query);
  });
}

std::string failure_of_verify(Harness& harness) {
  try {
    verified(harness);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::car_recoverable);
    return error.what();
  }
  return "";
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("An undisturbed life never shows drift", "[verify]") {
  const Seeds seeds = seeds_to_run();
  for (uint64_t seed = 1; seed <= (seeds.count + 19) / 20; ++seed) {
    const Scenario scenario = scenario_of(seed);
    INFO(describe(scenario));
    Harness harness(scenario);
    harness.settings().car.page_rows = 7 + static_cast<int64_t>(seed % 3) * 100;
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    check_equal(harness, "after the first run");
    for (int step = 0; step < 4; ++step) {
      harness.simulator().live(step == 2 ? 24 * 16 : 20);
      if (step == 3) harness.settings().mode = defender_car::Mode::full;
      REQUIRE_FALSE(harness.sync_either_way().failure);
      check_equal(harness, "after step " + std::to_string(step));
    }
  }
}

TEST_CASE("Planted drift is found, named, repaired, and then there is none", "[verify]") {
  for (const auto identity : {oracle::Identity::user, oracle::Identity::account}) {
    Harness harness(of(identity));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    const auto expected = plant_some_of_all(harness, identity == oracle::Identity::account);

    const VerifyReport found = verified(harness);
    INFO(describe(found));
    CHECK(lines(found) == expected);
    for (const auto& drift : found.listed) {
      const bool made_by_hand = drift.object.find("made-by-hand") != std::string::npos;
      INFO(drift.object);
      CHECK(drift.machine_count > 0);
      CHECK_FALSE(drift.machines.empty());
      if (drift.collection.starts_with("asset") && !made_by_hand)
        CHECK(drift.object.starts_with(drift.machines.front().id));
      if (drift.kind == "missing") CHECK(drift.detail.ends_with(" there"));
      if (drift.kind == "different")
        CHECK(drift.detail.find("name is \"somebody\"") != std::string::npos);
    }
    REQUIRE(found.left_alone.size() == 1);
    CHECK(found.left_alone.front().collection == "ipaddress");

    const VerifyReport mended = repaired(harness);
    INFO(describe(mended));
    CHECK(lines(mended) == expected);
    REQUIRE(mended.repair);
    CHECK(mended.repair->outcome == defender_car::RunOutcome::done);
    CHECK(harness.held("asset|theirs").size() == 1);
    check_all_is_well(harness);
    CHECK_FALSE(repaired(harness).repair);
  }
}

TEST_CASE("A repair that would take much is held by the guards until it is allowed", "[verify]") {
  Harness harness(fleet(40));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().max_deletes = {.count = 2};
  harness.settings().max_disables = {.count = 2};
  harness.settings().command = "defender-car verify --repair";
  harness.simulator().with_car([&](CarService& car) {
    Planter planter(car);
    planter.lose_edge("asset_hostname");
    for (int n = 0; n < 3; ++n) planter.add_asset("made-by-hand-" + std::to_string(n));
    planter.add_edge("asset_ipaddress", {"made-by-hand-0", "10.0.0.4"});
    planter.ours().vertices["hostname"]["a-name"] = {true, R"({"_key":"a-name"})", "{}", false};
    for (int n = 0; n < 3; ++n) planter.add_edge("asset_hostname", {planter.asset(), "a-name"});
  });
  const VerifyReport held = repaired(harness);
  INFO(describe(held));
  REQUIRE(held.repair);
  CHECK(held.repair->failure == ErrorKind::guard);
  CHECK(harness.held("asset|made-by-hand").size() == 3);
  const VerifyReport still = verified(harness);
  INFO(describe(still));
  CHECK(still.listed.size() == 7);  // what was lost is there again, the rest stays a difference
  const auto between = harness.sync(Reading::incremental);
  INFO(describe(between));
  CHECK(joined(harness.writes_to_car()) == "");

  const std::string token = token_of(*held.repair);
  CHECK(held.repair->error.find("verify --repair --allow-once") != std::string::npos);
  harness.settings().allow_once = token;
  const VerifyReport allowed = repaired(harness);
  INFO(describe(allowed));
  REQUIRE(allowed.repair);
  CHECK_FALSE(allowed.repair->failure);
  check_all_is_well(harness);
}

TEST_CASE("A repair goes by Defender's clock, not by this machine's", "[verify]") {
  Harness harness(of(oracle::Identity::user));  // whose tenant lives in another year
  std::string id;
  harness.simulator().with_tenant([&](simulator::Tenant& tenant) {
    simulator::Device& device = fresh_device(tenant, 0);
    id = device.id;
    device.silent = true;
    device.health_status = "Inactive";
    device.last_seen_ms = tenant.now_ms - 10 * simulator::day_ms;
  });
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  plant_some_of_all(harness, false);
  REQUIRE(repaired(harness).repair);
  const auto machine = defender_car::explain(harness.settings().working_dir, id).machine;
  REQUIRE(machine);
  REQUIRE(machine->days_left);
  CHECK(*machine->days_left == Approx(5).margin(0.1));
}

TEST_CASE("A sample looks at its machines only, the same ones all day", "[verify]") {
  for (const bool by_id : {true, false}) {
    Harness harness(of(oracle::Identity::account));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    set_query(harness, [&](auto& query) { query.ends_by_id = by_id; });
    const VerifyReport clean = verified(harness, 3);
    INFO(describe(clean));
    CHECK_FALSE(clean.differs());
    REQUIRE(clean.sample.size() == 3);
    CHECK(clean.vertices == 3);

    const std::string seen = clean.sample[1].id;
    harness.simulator().with_car([&](CarService& car) {
      Planter planter(car);
      while (true) {  // an edge of another machine first: nobody looks there
        const std::string other = planter.asset();
        if (other == clean.sample[0].id || other == seen || other == clean.sample[2].id) continue;
        planter.change("asset", other, R"({"external_id":")" + other + R"(","name":"odd"})");
        break;
      }
      planter.delete_asset(seen);
      planter.ours().vertices["hostname"].clear();  // the ends of what is lost are lost as well
    });
    const VerifyReport found = verified(harness, 3);
    INFO(describe(found));
    CHECK(found.drift.size() >= 3);
    for (const auto& drift : found.listed) CHECK(drift.machines.front().id == seen);
    const VerifyReport mended = repaired(harness, 3);
    INFO(describe(mended));
    CHECK(mended.repair->outcome == defender_car::RunOutcome::done);
    CHECK(mended.repair->set_aside == 0);
    CHECK_FALSE(verified(harness, 3).differs());
    CHECK(verified(harness).differs());
    CHECK(verified(harness, 1000).sample.size() > 20);
  }
}

TEST_CASE("Whatever of GraphQL the service knows is enough, and what is not compared is said",
          "[verify]") {
  Harness harness(of(oracle::Identity::account));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.simulator().with_car([](CarService& car) {
    Planter planter(car);
    planter.disable_edge("asset_hostname");
    planter.lose_edge("asset_application");
  });
  const std::vector<std::pair<std::string, std::function<void(simulator::QueryOptions&)>>> ways{
      {"by _from and _to", [](auto& query) { query.ends_by_id = false; }},
      {"400", [](auto& query) { query.ends_by_id = query.refuses_by_200 = false; }},
      {"no field active", [](auto& query) { query.knows_active = false; }},
      {"inactive ones too", [](auto& query) { query.tells_inactive = true; }},
      {"numbers as text", [](auto& query) { query.numbers_as_text = true; }},
      {"no order", [](auto& query) { query.knows_order = false; }},
      {"short pages", [](auto& query) { query.most_rows = 11; }},
      {"no field base_score", [](auto& query) { query.unknown_field = "base_score"; }}};
  for (const auto& [name, way] : ways) {
    set_query(harness, way);
    const VerifyReport report = verified(harness);
    INFO(name << ": " << describe(report));
    CHECK(report.listed.size() == 2);
    CHECK(report.warnings.size() == (name.ends_with("base_score") ? 1U : 0U));
  }
}

TEST_CASE("What cannot be read back is no answer", "[verify]") {
  Harness harness(of(oracle::Identity::user));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().car.page_rows = 10;
  harness.settings().car.pages = 20;

  set_query(harness, [](auto& query) { query.available = false; });
  CHECK(failure_of_verify(harness).find("no GraphQL") != std::string::npos);
  CHECK_THROWS_AS(repaired(harness), Error);
  set_query(harness, [](auto& query) { query.repeats_page = true; });
  CHECK(failure_of_verify(harness).find("page after page") != std::string::npos);
  set_query(harness, [](auto& query) { query.endless = true; });
  CHECK(failure_of_verify(harness).find("does not end") != std::string::npos);
  set_query(harness, [](auto& query) { query.unknown_field = "external_id"; });
  CHECK(failure_of_verify(harness).find("field 'external_id' not found") != std::string::npos);
  set_query(harness, [](auto&) {});
  harness.settings().car.pages = 10'000;
  harness.settings().car.page_rows = 2'000;
  for (const int status : {404, 405, 501, 401, 418, 500}) {
    harness.simulator().add_fault(
        {.match = "/v3/query", .kind = FaultKind::status, .skip = 3, .status = status});
    CHECK(failure_of_verify(harness) != "");
    harness.simulator().clear_faults();
  }
  for (const FaultKind kind : {FaultKind::html200, FaultKind::empty_body, FaultKind::empty_json,
                               FaultKind::malformed_json, FaultKind::truncated}) {
    harness.simulator().add_fault({.match = "/v3/query", .kind = kind, .skip = 5});
    CHECK(failure_of_verify(harness) != "");
    harness.simulator().clear_faults();
  }
  check_equal(harness, "at the end");
}

TEST_CASE("verify writes nothing and a state of another source is refused", "[verify]") {
  Harness harness(of(oracle::Identity::user));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const auto state = harness.settings().working_dir / "state.db";
  const std::string before = bytes_of(state);
  harness.simulator().clear_requests();
  verified(harness);
  CHECK(bytes_of(state) == before);
  for (const auto& request : harness.simulator().requests())
    CHECK(request.target.ends_with("/v3/query"));
  harness.settings().car.source = "another";
  CHECK_THROWS_AS(verified(harness), Error);
  CHECK_THROWS_AS(repaired(harness), Error);
}

TEST_CASE("Beside a run drift is said to be doubtful, and a repair is turned away", "[verify]") {
  Harness harness(of(oracle::Identity::user));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  const defender_car::StateLock run(harness.settings().working_dir / "state.lock");
  check_equal(harness, "beside a run");
  harness.simulator().with_car([](CarService& car) { Planter(car).lose_edge("asset_hostname"); });
  harness.simulator().clear_requests();
  const VerifyReport report = verified(harness);
  CHECK(report.listed.size() == 1);
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].find("a run went on meanwhile") != std::string::npos);
  try {
    repaired(harness);
    FAIL("it repaired beside a run");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::locked);
  }
}

TEST_CASE("What a run left open is left out, and a repair lets a sync go first", "[verify]") {
  const std::vector<std::pair<std::string, int>> requests{
      {"PATCH /car/api/car/v2/asset_ipaddress", 0},
      {"DELETE /car/api/car/v2/", 0},
      {"POST /car/api/car/v2/imports", 0},
      {"/importstatus", 0},   // of vertices …
      {"/importstatus", 1}};  // … and of edges: CAR holds them, and told nobody
  for (const auto& [request, skip] : requests) {
    Harness harness(of(oracle::Identity::user));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    harness.simulator().live(30);
    harness.simulator().with_tenant([](simulator::Tenant& tenant) {
      tenant.fall_silent({fresh_device(tenant, 0).id}, 16 * simulator::day_ms);
    });
    harness.simulator().add_fault({.match = request, .kind = FaultKind::reset_after, .skip = skip});
    CHECK(harness.disturbed_sync().failure == ErrorKind::car_recoverable);
    harness.simulator().clear_faults();
    const VerifyReport report = verified(harness);
    INFO(request << ": " << describe(report));
    CHECK_FALSE(report.differs());
    CHECK(report.unanswered > 0);
    try {
      repaired(harness);
      FAIL("it repaired beside open operations");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::car_recoverable);
      CHECK(std::string(error.what()).find("defender-car sync") != std::string::npos);
    }
    CHECK(harness.sync_either_way().outcome == defender_car::RunOutcome::done);
    check_equal(harness, "after the sync");
  }
}

TEST_CASE("A repair takes nothing away by books that are not to be relied upon", "[verify]") {
  const auto refused = [](Harness& harness, const std::string& why) {
    const auto before = harness.held("");
    try {
      repaired(harness);
      FAIL("it repaired although: " << why);
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.kind() == ErrorKind::car_recoverable);
      CHECK(std::string(error.what()).find(why) != std::string::npos);
      CHECK(std::string(error.what()).find("defender-car sync") != std::string::npos);
    }
    CHECK(harness.held("") == before);
    CHECK(joined(harness.violations()) == "");
  };
  const auto without = [](Harness& harness, const std::string& unread) {
    harness.forget_everything();
    harness.simulator().add_fault(
        {.match = unread, .kind = FaultKind::status, .count = 1000, .status = 403});
    CHECK(harness.disturbed_sync().failure);
    harness.simulator().clear_faults();
  };
  SECTION("no machine was ever read") {
    Harness harness(of(oracle::Identity::user));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    without(harness, "/defender/api/machines");
    refused(harness, "no state here");
  }
  SECTION("a dataset was never read") {
    Harness harness(of(oracle::Identity::user));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    without(harness, "/defender/api/alerts");
    refused(harness, "went without a session");
    CHECK_FALSE(harness.sync(Reading::full).failure);
    check_all_is_well(harness);
  }
  SECTION("the folder is an old copy") {
    Harness harness(of(oracle::Identity::user));
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    const TemporaryFolder copy;
    const auto& folder = harness.settings().working_dir;
    std::map<std::string, std::filesystem::file_time_type> times;
    for (const char* name : {"state.db", "state.lock"}) {
      std::filesystem::copy_file(folder / name, copy.path() / name);
      times[name] = std::filesystem::last_write_time(folder / name);
    }
    for (int n = 0; n < 2; ++n) {
      harness.simulator().live(30);
      REQUIRE_FALSE(harness.sync(Reading::incremental).failure);
    }
    for (const auto& [name, time] : times) {
      std::filesystem::copy_file(copy.path() / name, folder / name,
                                 std::filesystem::copy_options::overwrite_existing);
      std::filesystem::last_write_time(folder / name, time);
    }
    refused(harness, "none of ours");
  }
}

TEST_CASE("A repair that CAR lets down at any request is finished by the next sync", "[verify]") {
  for (const FaultKind kind : {FaultKind::reset_before, FaultKind::reset_after}) {
    Scenario scenario = of(oracle::Identity::user, 9);
    scenario.machines = 12;
    Harness harness(scenario);
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    int skip = 2;  // it asks for the databases and the save point before it begins
    for (bool ended = false; !ended; ++skip) {
      plant_some_of_all(harness, false);
      harness.simulator().add_fault({.match = "/car/api/car/v2/", .kind = kind, .skip = skip});
      const VerifyReport report = repaired(harness);
      harness.simulator().clear_faults();
      INFO("at request " << skip << ": " << describe(report));
      REQUIRE(report.repair);
      ended = !report.repair->failure;
      if (!ended) CHECK(report.repair->failure == ErrorKind::car_recoverable);
      const auto sync = harness.sync(Reading::incremental);
      INFO(describe(sync));
      CHECK(sync.outcome == defender_car::RunOutcome::done);
      check_all_is_well(harness);
    }
    CHECK(skip > 5);
  }
}
