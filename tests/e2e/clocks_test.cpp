// Whose clock is believed, and what follows it: removals by age, windows, what is sent to CAR, what
// past runs left.
#include <catch2/catch.hpp>

#include "audit/history.h"
#include "base/time.h"
#include "harness.h"
#include "host_clock.h"
#include "said.h"
#include "snapshot/retention.h"
#include "sync/replay.h"

using namespace e2e;
using defender_car::iso8601;
using defender_car::Mode;
using defender_car::RunReport;
using simulator::day_ms;
using simulator::Device;
using simulator::FaultKind;
using simulator::hour_ms;
using simulator::minute_ms;
using simulator::Tenant;

namespace {

constexpr int64_t day_s = 86'400;

Scenario some_fleet(defender_car::LogonSource logon = defender_car::LogonSource::automatic) {
  Scenario scenario;
  scenario.seed = 7;
  scenario.machines = 24;
  scenario.logon = logon;
  return without_departures(scenario, 20);
}

/// A tenant after its first full import, and this machine's clock right.
struct World {
  explicit World(const Scenario& scenario = some_fleet())
      : harness(scenario), host(harness.simulator().now_ms()) {
    first = harness.sync(Reading::full);
    REQUIRE_FALSE(first.failure);
    REQUIRE(first.outcome == defender_car::RunOutcome::done);
  }

  int64_t now() { return harness.simulator().now_ms(); }
  void live(int hours) {
    harness.simulator().live(hours);
    host.set(now());
  }
  /// Devices that report a last time, one after the other, and were then last seen so long ago; the
  /// longest first. Time passes: an older lastSeen than the one that was read is no news.
  std::vector<std::string> silent_for(const std::vector<int64_t>& longest_first) {
    std::vector<std::string> out;
    harness.simulator().with_tenant([&](Tenant& tenant) {
      for (size_t n = 0; n < longest_first.size(); ++n) {
        const auto found =
            std::find_if(tenant.devices.begin(), tenant.devices.end(), [&](const auto& one) {
              return !one.second.silent && one.second.onboarding_status == "Onboarded";
            });
        REQUIRE(found != tenant.devices.end());
        tenant.report(found->second, tenant.now_ms);
        out.push_back(found->first);
        silent.insert(found->first);
        const int64_t next = n + 1 < longest_first.size() ? longest_first[n + 1] : 0;
        tenant.fall_silent(silent, longest_first[n] - next);
      }
    });
    return out;
  }
  std::string silent_for(int64_t ms) { return silent_for(std::vector<int64_t>{ms}).front(); }
  void dates(FaultKind kind, std::vector<std::string> services, int64_t off_s = 0) {
    for (const std::string& service : services)
      harness.simulator().add_fault({.match = service, .kind = kind, .date_off_s = off_s});
  }
  std::string state(const std::string& query) {
    return ask(harness.settings().working_dir / "state.db", query);
  }
  bool holds(const std::string& id) const { return !harness.held("asset|" + id).empty(); }
  size_t snapshots() const {
    return defender_car::kept_files(harness.settings().working_dir / "snapshots").size();
  }
  /// The next undisturbed run ends as the oracle says.
  void check_next_run() {
    harness.simulator().clear_faults();
    host.set(now());
    harness.settings().mode = Mode::automatic;
    const RunReport next = harness.sync_either_way();
    INFO("then " << describe(next));
    CHECK(next.outcome == defender_car::RunOutcome::done);
    CHECK(next.warnings.empty());
    CHECK(joined(harness.differences()) == "");
    CHECK(joined(harness.violations()) == "");
  }

  Harness harness;
  HostClock host;
  RunReport first;
  std::set<std::string> silent;  // since silent_for()
};

const std::vector<std::string> defenders{"/defender/", "/graph/"};
const std::vector<std::string> everybodys{"/defender/", "/graph/", "/car/"};
// (That all software was read is forgotten, so that the next run reads it again.)
constexpr const char* kCursors =
    "SELECT name, at FROM cursor WHERE name <> 'vulnerabilities_whole' ORDER BY name";

bool deletes_by_age(const RunReport& report) {
  for (const auto& sent : report.sent)
    if (sent.reason == "inactive-15") return true;
  return false;
}

}  // namespace

TEST_CASE("A Date that nobody confirms removes nothing by age and brings nothing back",
          "[clocks]") {
  for (const auto logon : {defender_car::LogonSource::api, defender_car::LogonSource::hunting})
    for (const bool full : {false, true})
      for (const int64_t days : {1, -1, 26'000, -20'000}) {
        INFO(days << " days off, " << (full ? "full" : "incremental"));
        World world(some_fleet(logon));
        const std::string gone = world.silent_for(16 * day_ms);
        world.live(1);
        REQUIRE_FALSE(world.harness.sync(Reading::incremental).failure);
        REQUIRE_FALSE(world.holds(gone));
        const auto two = world.silent_for({15 * day_ms + hour_ms, 14 * day_ms + 6 * hour_ms});
        const std::string& over = two[0];
        const std::string& almost = two[1];
        world.live(1);
        const std::string cursors = world.state(kCursors);

        world.dates(FaultKind::wrong_date, defenders, days * day_s);
        world.harness.settings().mode = full ? Mode::full : Mode::automatic;
        const RunReport report = world.harness.disturbed_sync();
        INFO(describe(report));
        CHECK_FALSE(report.failure);
        CHECK(report.outcome == defender_car::RunOutcome::partial);
        CHECK(joined(report.warnings).find("Defender's clock is off") != std::string::npos);
        CHECK_FALSE(deletes_by_age(report));
        CHECK(joined(world.harness.violations()) == "");
        CHECK(world.holds(almost));
        CHECK(world.holds(over));
        CHECK_FALSE(world.holds(gone));
        if (!full) CHECK(world.state(kCursors) == cursors);
        CHECK(world.state("SELECT count(*) FROM cursor WHERE at > '" + iso8601(world.now()) +
                          "' OR run_id = 3") == "0\n");
        const auto status = defender_car::read_status(world.harness.settings().working_dir);
        bool told = false;
        for (const auto& dataset : status.datasets)
          told |= dataset.problem.find("Defender's clock is off") != std::string::npos;
        CHECK(told);

        world.check_next_run();
        CHECK(world.holds(almost));
        CHECK_FALSE(world.holds(over));
      }
}

TEST_CASE("A first run without a believed clock lets nothing fall away", "[clocks]") {
  for (const int64_t host_off : {int64_t{0}, 400 * day_ms, -400 * day_ms}) {
    World world;
    const std::string quiet = world.silent_for(8 * day_ms);
    world.live(1);
    REQUIRE_FALSE(world.harness.sync(Reading::incremental).failure);
    world.harness.forget_everything();
    world.host.set(world.now() + host_off);
    world.dates(FaultKind::wrong_date, defenders, 26'000 * day_s);
    world.dates(FaultKind::wrong_date, {"/car/"}, -20'000 * day_s);
    const RunReport report = world.harness.disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(joined(report.warnings).find("no two clocks agree") != std::string::npos);
    CHECK(world.harness.removals().empty());
    CHECK(world.holds(quiet));
    CHECK(world.state(kCursors).empty());
    world.check_next_run();
    CHECK(world.holds(quiet));
  }
}

TEST_CASE("Two clocks of three are enough", "[clocks]") {
  struct Case {
    const char* what;
    FaultKind kind;
    std::vector<std::string> services;
    int64_t off_s;
    int64_t host_off_ms;
    bool believed;
  };
  const std::vector<Case> cases{
      {"all agree", FaultKind::no_date, {}, 0, 0, true},
      {"CAR's is off", FaultKind::wrong_date, {"/car/"}, 40 * day_s, 0, true},
      {"CAR shows none", FaultKind::no_date, {"/car/"}, 0, 0, true},
      {"this machine's is off", FaultKind::no_date, {}, 0, 40 * day_ms, true},
      {"a cache kept the answers", FaultKind::cached, everybodys, -2 * day_s, 0, true},
      {"four minutes between them", FaultKind::wrong_date, {"/defender/"}, 240, 0, true},
      {"Defender shows none", FaultKind::no_date, defenders, 0, 0, true},
      {"Defender shows none, this machine's is off", FaultKind::no_date, defenders, 0, 40 * day_ms,
       false},
      {"nobody shows any", FaultKind::no_date, everybodys, 0, 0, false},
      {"CAR shows none, this machine's is off",
       FaultKind::no_date,
       {"/car/"},
       0,
       40 * day_ms,
       false},
      {"Defender's is off", FaultKind::wrong_date, defenders, 600, 0, false}};
  for (const Case& one : cases) {
    INFO(one.what);
    World world;
    const std::string due = world.silent_for(15 * day_ms + hour_ms);
    world.live(2);
    world.host.set(world.now() + one.host_off_ms);
    world.dates(one.kind, one.services, one.off_s);
    const RunReport report = world.harness.disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK(report.outcome ==
          (one.believed ? defender_car::RunOutcome::done : defender_car::RunOutcome::partial));
    CHECK(report.warnings.size() == (one.believed && one.host_off_ms == 0 ? 0 : 1));
    CHECK(world.holds(due) != one.believed);
    CHECK(joined(world.harness.violations()) == "");
    world.check_next_run();
  }
}

TEST_CASE("A machine whose clock is a month off prunes nothing and writes no such time",
          "[clocks]") {
  for (const int64_t off : {32 * day_ms, -32 * day_ms}) {
    INFO(off / day_ms << " days off");
    World world;
    world.harness.settings().keep_runs = 1;
    for (int run = 0; run < 3; ++run) {
      world.live(20);
      REQUIRE_FALSE(world.harness.sync(Reading::incremental).failure);
    }
    const size_t kept = world.snapshots();
    const std::string before =
        world.state("SELECT value FROM setting WHERE name = 'model_state_id'");
    world.live(1);
    world.host.set(world.now() + off);
    const RunReport report = world.harness.sync(Reading::incremental);
    INFO(describe(report));
    CHECK(report.outcome == defender_car::RunOutcome::done);
    REQUIRE(report.warnings.size() == 1);
    CHECK(report.warnings[0].find("this machine's clock") == 0);
    CHECK(world.snapshots() == kept + 1);
    // Every time that it wrote is Defender's, give or take what the test takes.
    const std::string from = iso8601(world.now() - minute_ms);
    const std::string until = iso8601(world.now() + 10 * minute_ms);
    CHECK(report.started_at > from);
    CHECK(report.finished_at < until);
    CHECK(world.state("SELECT count(*) FROM ledger WHERE at > '" + until + "'") == "0\n");
    CHECK(world.state("SELECT count(*) FROM acknowledged_edge WHERE since > '" + until + "'") ==
          "0\n");
    const std::string last =
        defender_car::read_status(world.harness.settings().working_dir).last_success_at;
    CHECK((last > from && last < until));
    const int64_t id =
        std::stoll(world.state("SELECT value FROM setting WHERE name = 'model_state_id'"));
    CHECK(id > std::stoll(before));
    CHECK(std::abs(id - world.now()) < 10 * minute_ms);
    // And when it is right again, ages go on where they were.
    world.live(1);
    const RunReport next = world.harness.sync(Reading::incremental);
    INFO(describe(next));
    CHECK(next.warnings.empty());
    CHECK(world.snapshots() == kept + 2);
  }
}

TEST_CASE("Old snapshots go by the believed clock, and stay where there is none", "[clocks]") {
  for (const bool believed : {true, false}) {
    World world;
    for (int run = 0; run < 2; ++run) {
      world.live(24 * 20);
      world.harness.sync_either_way();
    }
    world.live(24 * 20);
    const size_t before = world.snapshots();
    if (!believed) world.dates(FaultKind::wrong_date, defenders, 3650 * day_s);
    const RunReport report = world.harness.disturbed_sync();
    INFO(describe(report));
    CHECK_FALSE(report.failure);
    CHECK((world.snapshots() > before) == !believed);
  }
}

TEST_CASE("A report's key grows, also where the clocks go back", "[clocks]") {
  World world;
  const auto id = [&] {
    return std::stoll(world.state("SELECT value FROM setting WHERE name = 'model_state_id'"));
  };
  const int64_t first = id();
  REQUIRE_FALSE(world.harness.sync(Reading::incremental).failure);  // in the same second
  const int64_t second = id();
  CHECK(second > first);
  world.harness.simulator().with_tenant([](Tenant& tenant) { tenant.now_ms -= 2 * hour_ms; });
  world.host.set(world.now());
  const RunReport report = world.harness.disturbed_sync();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(id() > second);
  CHECK(report.started_at < iso8601(first - hour_ms));
}

TEST_CASE("A run without a believed clock replays to the same end", "[clocks]") {
  for (const int64_t days : {26'000, -20'000}) {
    World world;
    world.silent_for(14 * day_ms + 12 * hour_ms);
    world.live(20);
    world.dates(FaultKind::wrong_date, defenders, days * day_s);
    REQUIRE(world.harness.disturbed_sync().outcome == defender_car::RunOutcome::partial);
    world.check_next_run();
    std::vector<std::filesystem::path> files;
    for (const auto& file :
         defender_car::kept_files(world.harness.settings().working_dir / "snapshots"))
      files.push_back(file.path);
    const TemporaryFolder folder;
    defender_car::SilentProgress progress;
    const auto report = defender_car::replay_to_sink(
        folder.path(), {.files = files, .until = 0, .to_car = false}, progress);
    CHECK(report.runs.size() == 3);
    CHECK(report.equal);
  }
}
