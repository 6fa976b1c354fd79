// A plan and the run after it agree, operation by operation; a plan changes nothing anywhere; what
// `sync --plan` delivers is the plan's list or nothing.
#include "sync/plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "guarded.h"
#include "random.h"
#include "said.h"
#include "shape.h"
#include "snapshot/file.h"
#include "store/lock.h"

using namespace e2e;
using defender_car::Error;
using defender_car::ErrorKind;
using defender_car::Mode;
using defender_car::Operation;
using defender_car::Plan;
using defender_car::PlannedOperation;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// All of a folder, but for the two files that every reader of a WAL database makes beside it.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.ends_with("-wal") && !name.ends_with("-shm"))
      files[entry.path().string()] = content(entry.path());
  }
  return files;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', '?');
  return text;
}

struct Listed {
  std::set<std::string> operations;  // "operation|collection|object", removals with their reason
  std::set<std::string> with_car;    // their objects
  std::set<std::string> drops;       // with reason and evidence
};

bool is_import(Operation operation) {
  return operation == Operation::vertex || operation == Operation::edge;
}

Listed listed(const Plan& plan) {
  Listed list;
  plan.each_operation([&](const PlannedOperation& one) {
    if (one.operation == Operation::drop) {
      list.drops.insert(
          one_line(one.collection + "|" + one.object + "|" + one.reason + "|" + one.evidence));
      return;
    }
    list.operations.insert(defender_car::kOperations.text(one.operation) + "|" + one.collection +
                           "|" + one_line(one.object) +
                           (is_import(one.operation) ? "" : "|" + one.reason));
    if (one.with_car) list.with_car.insert(one_line(one.object));
  });
  return list;
}

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

/// What a run had in its outbox, from what CAR answered for and from what is left.
std::set<std::string> operations_of(const fs::path& state, int64_t run_id) {
  const std::string run = std::to_string(run_id);
  const std::string text = ask(
      state,
      "SELECT replace(line, char(10), '?') FROM ("
      "SELECT 'vertex|' || n.car_name || '|' || v.key AS line FROM acknowledged_vertex k"
      " JOIN vertex v USING (vertex_id) JOIN collection n ON n.name = v.collection"
      " WHERE k.confirmed_run = " +
          run +
          " UNION ALL SELECT 'edge|' || n.collection || '|' || n.from_key || ' -> ' || n.to_key"
          " FROM acknowledged_edge k JOIN edge_name n USING (edge_id) WHERE k.confirmed_run = " +
          run +
          " UNION ALL SELECT operation || '|' || collection || '|' || object || '|' || reason"
          " FROM ledger WHERE object IS NOT NULL AND records > 0 AND operation <> 'drop' AND "
          "run_id = " +
          run +
          " UNION ALL SELECT operation || '|' || collection || '|' || object || CASE WHEN "
          "operation IN"
          " ('vertex', 'edge') THEN '' ELSE '|' || reason END FROM audit_outbox WHERE run_id = " +
          run + ")");
  return lines_of(text);
}

std::string first_of(const std::set<std::string>& lines, const std::set<std::string>& but) {
  std::string text;
  int count = 0;
  for (const std::string& line : lines)
    if (!but.contains(line) && ++count <= 5) text += "\n  " + line;
  return count == 0 ? "" : text + "\n  " + std::to_string(count) + " in all";
}

/// Recover settles what is with CAR before the run, so that of it less may be left to send.
std::set<std::string> without(std::set<std::string> lines, const std::set<std::string>& objects) {
  std::erase_if(lines, [&](const std::string& line) {
    return std::any_of(objects.begin(), objects.end(), [&](const std::string& object) {
      return line.find("|" + object) != std::string::npos;
    });
  });
  return lines;
}

/// What fell away at the end of its session.
std::set<std::string> drops_of(const fs::path& state, int64_t run_id) {
  return lines_of(ask(state,
                      "SELECT replace(collection || '|' || object || '|' || reason || '|' ||"
                      " coalesce(evidence, ''), char(10), '?') FROM ledger"
                      " WHERE operation = 'drop' AND run_id = " +
                          std::to_string(run_id)));
}

/// $TMPDIR of its own, so that what a plan leaves there is seen.
const fs::path& temporary_place() {
  static const TemporaryFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  return folder.path();
}

std::ptrdiff_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

struct Planner {
  explicit Planner(Harness& of, fs::path save = {})
      : http(of.http_options(), progress), plan(of.settings(), save, http, progress) {}
  defender_car::SilentProgress progress;
  defender_car::HttpClient http;
  Plan plan;
};

void check_only_asked(Harness& harness) {
  for (const auto& request : harness.simulator().requests()) {
    INFO(request.method << " " << request.target);
    const bool asks = request.method == "GET" ||
                      (request.method == "POST" && request.target == "/api/car/v3/query");
    CHECK((request.service != "car" || asks));
    CHECK(request.target.find("importstatus") == std::string::npos);
  }
}

/// A plan that is seen to change nothing.
std::unique_ptr<Planner> planned(Harness& harness, const fs::path& save = {}) {
  const fs::path& place = temporary_place();
  const auto left = entries(place);
  const fs::path folder = harness.settings().working_dir;
  const auto before = contents(folder);
  const auto car = harness.simulator().car_graph();
  harness.simulator().clear_requests();
  auto planner = std::make_unique<Planner>(harness, save);
  check_only_asked(harness);
  CHECK((contents(folder) == before));
  CHECK((harness.simulator().car_graph() == car));
  CHECK(entries(place) == left + 1);
  return planner;
}

struct Seen {
  int full = 0, held = 0, incomplete = 0, with_car = 0, dead = 0, drops = 0, by_plan = 0, moved = 0,
      quiet = 0;
};

/// Nothing that a plan asks for fails on the way of the run alone: CAR's faults strike deliveries.
void order_delivery_faults(Harness& harness, simulator::Random& random) {
  static const std::vector<Fault> mix{
      {.match = "POST /car/api/car/v2/imports", .kind = FaultKind::reset_after},
      {.match = "POST /car/api/car/v2/imports", .status = 503},
      {.match = "GET /car/api/car/v2/importstatus", .status = 500},
      {.match = "GET /car/api/car/v2/importstatus", .status = 400},
      {.match = "PATCH /car/api/car/v2/", .kind = FaultKind::reset_after},
      {.match = "PATCH /car/api/car/v2/asset_", .status = 500},
      {.match = "DELETE /car/api/car/v2/source/", .kind = FaultKind::reset_after},
      {.match = "PATCH /car/api/car/v2/source", .status = 503}};
  Fault fault = random.pick(mix);
  fault.skip = static_cast<int>(random.below(3));
  harness.simulator().add_fault(fault);
}

void order_defender_faults(Harness& harness, simulator::Random& random) {
  static const std::vector<Fault> mix{{.match = "/logonusers", .status = 403},
                                      {.match = "GET /defender/api/alerts", .status = 500},
                                      {.match = "/runHuntingQuery", .status = 500},
                                      {.match = "/advancedqueries/run", .status = 500}};
  harness.simulator().add_fault(random.pick(mix));
}

void set_limits(Harness& harness, simulator::Random& random) {
  harness.settings().max_disables = {.percent = 50, .at_least = 1000};
  harness.settings().max_deletes = {.percent = 10, .at_least = 50};
  harness.settings().mode = Mode::automatic;
  if (random.chance(25'000)) harness.settings().max_disables = {.count = 1};
  if (random.chance(25'000)) harness.settings().max_deletes = {.count = 0};
  if (random.chance(20'000)) harness.settings().mode = Mode::full;
}

void check_agree(Harness& harness, const Planner& planner, const RunReport& report) {
  const Plan& plan = planner.plan;
  const Listed list = listed(plan);
  INFO(describe(report) << "\nplan: " << defender_car::kRunModes.text(plan.report().mode) << " ("
                        << plan.report().reason << ") " << plan.report().error);
  REQUIRE(plan.has_list());
  const fs::path state = harness.settings().working_dir / "state.db";
  // It failed in recover, or before.
  if (ask(state, "SELECT max(run_id) FROM run WHERE digest IS NOT NULL") !=
      std::to_string(report.run_id) + "\n")
    return;
  // What CAR turns out to hold counts for the guards, and can fall away.
  const bool settled = plan.with_car() > 0;
  if (settled && (report.failure == ErrorKind::guard || plan.report().failure == ErrorKind::guard))
    return;
  CHECK(plan.report().mode == report.mode);
  CHECK(report.reason.ends_with(plan.report().reason));
  CHECK(plan.report().run_id == report.run_id);
  const auto mine = without(list.operations, list.with_car);
  const auto run = without(operations_of(state, report.run_id), list.with_car);
  CHECK(first_of(mine, run) == "");
  CHECK(first_of(run, mine) == "");
  if (plan.report().failure) {
    CHECK(report.failure == plan.report().failure);
    if (report.failure == ErrorKind::guard) CHECK(report.error == plan.report().error);
  }
  if (settled) return;
  const auto drops = drops_of(state, report.run_id);
  if (!drops.empty() || !report.failure) CHECK((drops == list.drops));
}

void count(Seen& seen, const Planner& planner, const RunReport& report) {
  const Plan& plan = planner.plan;
  seen.full += plan.report().mode == RunMode::full ? 1 : 0;
  seen.held += plan.report().failure == ErrorKind::guard ? 1 : 0;
  seen.incomplete += plan.report().failure && plan.report().failure != ErrorKind::guard ? 1 : 0;
  seen.with_car += plan.with_car() > 0 ? 1 : 0;
  seen.dead += report.failure == ErrorKind::car_recoverable ? 1 : 0;
  seen.drops += std::any_of(report.sent.begin(), report.sent.end(),
                            [](const auto& sent) { return sent.operation == Operation::drop; });
  seen.quiet += plan.has_something_to_do() ? 0 : 1;
}

/// By the plan's file where nothing may have moved: what CAR finished by itself moves the list.
RunReport sync_by(Harness& harness, const fs::path& file, Seen& seen, const Plan& plan) {
  harness.settings().plan = file;
  const auto mode = harness.settings().mode;
  harness.settings().mode = Mode::automatic;  // the plan's own counts
  RunReport report = harness.disturbed_sync();
  harness.settings().plan.clear();
  harness.settings().mode = mode;
  for (const auto& request : harness.simulator().requests()) CHECK(request.service == "car");
  if (report.error.find("make the plan anew") != std::string::npos) {
    INFO(report.error);
    CHECK(plan.with_car() > 0);
    CHECK(report.failure == ErrorKind::guard);
    CHECK(joined(harness.writes_to_car()) == "");
    ++seen.moved;
    return harness.disturbed_sync();
  }
  ++seen.by_plan;
  return report;
}

void live(Harness& harness, uint64_t seed, Seen& seen) {
  simulator::Random random(seed);
  const TemporaryFolder plans;
  for (int step = 0; step < 6; ++step) {
    INFO("step " << step);
    set_limits(harness, random);
    if (random.chance(25'000)) order_defender_faults(harness, random);
    const fs::path file =
        random.chance(40'000) ? plans.path() / (std::to_string(step) + ".plan") : fs::path();
    const auto planner = planned(harness, file);
    if (random.chance(40'000)) order_delivery_faults(harness, random);
    const RunReport report = file.empty() || !planner->plan.has_list()
                                 ? harness.disturbed_sync()
                                 : sync_by(harness, file, seen, planner->plan);
    harness.simulator().clear_faults();
    count(seen, *planner, report);
    if (planner->plan.has_list() && report.run_id == planner->plan.report().run_id)
      check_agree(harness, *planner, report);
    harness.simulator().live(static_cast<int>(random.below(60)));
  }
  harness.settings().max_disables = {.percent = 50, .at_least = 1000};
  harness.settings().max_deletes = {.percent = 10, .at_least = 50};
  harness.settings().mode = Mode::automatic;
  const RunReport last = harness.sync_either_way();
  INFO(describe(last));
  CHECK_FALSE(last.failure);
}

Scenario small_fleet(uint64_t seed) {
  Scenario scenario = scenario_of(seed);
  scenario.machines = 8 + seed % 7;
  scenario.software_rows = 4;
  return scenario;
}

/// A fleet with something to do, and a plan for it.
struct Saved {
  explicit Saved(uint64_t seed = 3) : harness(small_fleet(seed)) {
    REQUIRE_FALSE(harness.sync(Reading::full).failure);
    harness.simulator().live(60);
    {
      const auto planner = planned(harness, file);
      REQUIRE(planner->plan.has_something_to_do());
      list = listed(planner->plan);
      now = planner->plan.now();
    }
    CHECK(entries(temporary_place()) == 0);
  }
  RunReport deliver() {
    harness.settings().plan = file;
    return harness.disturbed_sync();
  }
  /// What the refusal says; CAR and the working folder are as before.
  std::string refusal(ErrorKind kind, bool state_too = true) {
    const auto before = contents(harness.settings().working_dir);
    const auto car = harness.simulator().car_graph();
    std::string said;
    try {
      const RunReport report = deliver();
      CHECK(report.failure == kind);
      said = report.error;
    } catch (const Error& error) {
      CHECK(error.kind() == kind);
      said = error.what();
      if (state_too) CHECK((contents(harness.settings().working_dir) == before));
    }
    CHECK((harness.simulator().car_graph() == car));
    CHECK(joined(harness.writes_to_car()) == "");
    CHECK_FALSE(fs::exists(harness.settings().working_dir / "stage.db"));
    return said;
  }

  Harness harness;
  TemporaryFolder folder;
  fs::path file = folder.path() / "reviewed.plan";
  Listed list;
  std::string now;
};

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("A plan and the run after it agree through lives with faults and guard stops") {
  Seeds seeds = seeds_to_run();
  if (std::getenv("DEFENDER_CAR_SEEDS") == nullptr) seeds.count = 20;
  Seen seen;
  for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const Scenario scenario = small_fleet(seed);
    INFO(describe(scenario));
    Harness harness(scenario);
    harness.remember_disturbed_runs();
    live(harness, seed, seen);
  }
  if (seeds.count < 20) return;
  CHECK(seen.full > 0);
  CHECK(seen.held > 0);
  CHECK(seen.incomplete > 0);
  CHECK(seen.with_car > 0);
  CHECK(seen.dead > 0);
  CHECK(seen.drops > 0);
  CHECK(seen.by_plan > 0);
  CHECK(seen.moved > 0);
  CHECK(seen.quiet > 0);
}

TEST_CASE("A saved plan delivers its list, whatever Defender says by then") {
  Saved saved;
  saved.harness.simulator().live(30);
  const RunReport report = saved.deliver();
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(report.reason.starts_with("plan reviewed.plan: "));
  const fs::path folder = saved.harness.settings().working_dir;
  CHECK(operations_of(folder / "state.db", report.run_id) == saved.list.operations);
  for (const auto& request : saved.harness.simulator().requests()) CHECK(request.service == "car");
  CHECK(ask(folder / "state.db", "SELECT clock_at FROM run WHERE run_id = 2") == saved.now + "\n");

  const fs::path snapshot = folder / "snapshots" /
                            ask(folder / "state.db", "SELECT max(snapshot) FROM run").substr(0, 21);
  const defender_car::SnapshotInfo kept = defender_car::read_snapshot(snapshot, folder);
  CHECK(kept.run_id == report.run_id);
  CHECK(kept.reason == report.reason);

  saved.harness.settings().plan.clear();
  const RunReport next = saved.harness.sync_either_way();
  INFO(describe(next));
  CHECK(joined(saved.harness.differences()) == "");
}

TEST_CASE("A first plan makes nothing, and its file makes the first import") {
  Harness harness(small_fleet(4));
  harness.simulator().with_car([](simulator::CarService& car) {
    car.options().database = simulator::DatabaseState::absent;
  });
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "first.plan";
  const auto planner = planned(harness, file);
  CHECK(planner->plan.report().mode == RunMode::full);
  CHECK(planner->plan.state_run() == 0);
  CHECK((fs::status(file).permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  harness.settings().plan = file;
  const RunReport report = harness.sync(Reading::full);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
}

TEST_CASE("A plan stands beside a run that holds the state") {
  Saved saved;
  const defender_car::StateLock lock(saved.harness.settings().working_dir / "state.lock");
  const auto planner = planned(saved.harness);
  REQUIRE(planner->plan.has_list());
  CHECK(listed(planner->plan).operations == saved.list.operations);
  CHECK(has(joined(planner->plan.report().warnings), "a run is at work"));
}

TEST_CASE("A plan is refused when the state has moved, naming what moved") {
  Saved saved;
  SECTION("by another run") {
    saved.harness.disturbed_sync();
    const std::string said = saved.refusal(ErrorKind::guard);
    CHECK(has(said, "last run: then 1 of "));
    CHECK(has(said, ", now 2 of "));
    CHECK(has(said, "cursor of machines: then "));
  }
  SECTION("by itself, delivered before") {
    CHECK_FALSE(saved.deliver().failure);
    CHECK(has(saved.refusal(ErrorKind::guard), "last run: then 1 of "));
  }
  SECTION("by somebody else") {
    ask(saved.harness.settings().working_dir / "state.db", "DELETE FROM LogonUsers");
    // That it was altered is kept in the file.
    CHECK(
        has(saved.refusal(ErrorKind::guard, false), "setting full_due: then none, now the state"));
  }
  SECTION("in CAR") {
    const TemporaryFolder other;
    const fs::path mine = saved.harness.settings().working_dir;
    saved.harness.settings().working_dir = other.path();
    saved.harness.disturbed_sync();
    saved.harness.settings().working_dir = mine;
    const std::string said = saved.refusal(ErrorKind::guard);
    CHECK(has(said, "CAR has moved"));
    CHECK(has(said, "now full (CAR's save point is none of ours)"));
  }
}

TEST_CASE("A plan is refused when its reading comes to another list") {
  Saved saved;
  SECTION("an operation was taken out") {
    ask(saved.file, "DELETE FROM planned WHERE position = 1");
    CHECK(has(saved.refusal(ErrorKind::guard), "0 operations stand only there, 1 only here"));
  }
  SECTION("an operation was put in") {
    ask(saved.file,
        "INSERT INTO planned (operation, collection, from_collection, from_key, reason) "
        "VALUES ('delete', 'asset', 'asset', 'victim', 'inactive-15')");
    CHECK(has(saved.refusal(ErrorKind::guard), "only in the plan: delete asset victim"));
  }
  SECTION("the reading was changed") {
    ask(saved.file, "UPDATE MachineInfo SET computerDnsName = 'elsewhere'");
    CHECK(has(saved.refusal(ErrorKind::guard), "only here"));
  }
  SECTION("a guard holds more") {
    saved.harness.settings().max_disables = {.count = 0};
    CHECK(has(saved.refusal(ErrorKind::guard), "only in the plan: disable"));
  }
  // Nothing of it stays: the next run goes its way.
  saved.harness.settings().plan.clear();
  saved.harness.settings().max_disables = {.percent = 50, .at_least = 1000};
  const RunReport next = saved.harness.sync_either_way();
  INFO(describe(next));
  CHECK_FALSE(next.failure);
  CHECK(joined(saved.harness.differences()) == "");
}

TEST_CASE("What is no whole plan of this tenant is refused, nothing changed") {
  Saved saved;
  const std::string whole = content(saved.file);
  const auto write = [&](const std::string& text) {
    std::ofstream(saved.file, std::ios::binary | std::ios::trunc) << text;
  };
  for (const size_t size : {whole.size() / 4, whole.size() / 2, whole.size() - 4096}) {
    INFO("cut to " << size);
    write(whole.substr(0, size));
    CHECK(has(saved.refusal(ErrorKind::bad_data), "is damaged"));
  }
  std::string scratched = whole;
  for (size_t at = whole.size() / 2; at < whole.size() / 2 + 4096; ++at) scratched[at] = 'x';
  write(scratched);
  CHECK(has(saved.refusal(ErrorKind::bad_data), "is damaged"));
  write("");
  CHECK(has(saved.refusal(ErrorKind::usage), "is no plan of this program"));
  write(whole);
  ask(saved.file, "CREATE TRIGGER t AFTER DELETE ON planned BEGIN SELECT 1; END");
  CHECK(has(saved.refusal(ErrorKind::bad_data), "its tables are not a plan's"));
  write(whole);
  ask(saved.file, "DELETE FROM plan");
  CHECK(has(saved.refusal(ErrorKind::bad_data), "is missing"));
  write(whole);
  ask(saved.file, "PRAGMA user_version = 99");
  CHECK(has(saved.refusal(ErrorKind::usage), "by a newer program"));
  write(whole);
  ask(saved.file, "UPDATE run SET tenant = 'another'");
  CHECK(has(saved.refusal(ErrorKind::usage), "is a plan of tenant another"));
  saved.file = saved.harness.settings().working_dir / "snapshots" / "000001-full.db";
  CHECK(has(saved.refusal(ErrorKind::usage), "is no plan of this program"));
  saved.file = "/nowhere.plan";
  CHECK(has(saved.refusal(ErrorKind::usage), "is not there"));
}

TEST_CASE("A plan's file is never written over") {
  Saved saved;
  const std::string whole = content(saved.file);
  saved.harness.simulator().clear_requests();
  CHECK_THROWS_WITH(Planner(saved.harness, saved.file), Catch::Contains("is not overwritten"));
  CHECK_THROWS_WITH(Planner(saved.harness, "/nowhere/at.plan"), Catch::Contains("no folder"));
  CHECK(content(saved.file) == whole);
  CHECK(saved.harness.simulator().requests().empty());
  CHECK(entries(saved.folder.path()) == 1);
}

TEST_CASE("What a permission lets through belongs to the plan") {
  const bool full = GENERATE(false, true);  // missing from the full list, or silent for 15 days
  Harness harness(fleet(40));
  REQUIRE_FALSE(harness.sync(Reading::full).failure);
  harness.settings().max_deletes = {.count = 3};
  harness.settings().mode = full ? Mode::full : Mode::automatic;
  harness.simulator().with_tenant([&](simulator::Tenant& tenant) {
    std::set<std::string> silent;
    for (const auto& [id, device] : tenant.devices)
      if (silent.size() < 10) silent.insert(id);
    tenant.fall_silent(silent, 16 * simulator::day_ms);
    if (full)
      for (int gone = 0; gone < 10; ++gone) tenant.devices.erase(tenant.devices.begin());
  });
  const auto held = planned(harness);
  CHECK(held->plan.report().failure == ErrorKind::guard);
  const auto deletes = [](const Plan& plan) {
    int64_t count = 0;
    for (const auto& sent : plan.report().sent)
      if ((sent.operation == Operation::delete_asset || sent.operation == Operation::drop) &&
          sent.collection == "asset")
        count += sent.count;
    return count;
  };
  CHECK(deletes(held->plan) == 0);

  const TemporaryFolder folder;
  const fs::path file = folder.path() / "allowed.plan";
  harness.settings().allow_once = token_of(held->plan.report());
  const auto allowed = planned(harness, file);
  INFO(allowed->plan.report().error);
  CHECK_FALSE(allowed->plan.report().failure);
  CHECK(deletes(allowed->plan) == 10);

  harness.settings().plan = file;
  CHECK_THROWS_WITH(harness.disturbed_sync(), Catch::Contains("belongs to the plan"));
  harness.settings().allow_once.clear();
  harness.settings().mode = Mode::automatic;
  const RunReport report = harness.sync(full ? Reading::full : Reading::incremental);
  INFO(describe(report));
  CHECK_FALSE(report.failure);
  CHECK(joined(harness.differences()) == "");
  CHECK(ask(harness.settings().working_dir / "state.db",
            "SELECT permission, deletes_allowed FROM run WHERE run_id = " +
                std::to_string(report.run_id)) == token_of(held->plan.report()) + "|1\n");
}

TEST_CASE("A plan that Defender lets down ends early with its code") {
  Saved saved;
  saved.harness.simulator().add_fault({.match = "GET /defender/api/machines", .status = 403});
  const fs::path file = saved.folder.path() / "none.plan";
  const auto planner = planned(saved.harness, file);
  CHECK_FALSE(planner->plan.has_list());
  CHECK(planner->plan.report().failure == ErrorKind::forbidden);
  CHECK_FALSE(fs::exists(file));
}

TEST_CASE("The document of --format json has the shape that is promised", "[program]") {
  Saved saved;
  const std::string document = say(saved.harness, "plan --format json").out;
  CHECK(shape_fault(document, "plan") == "");
  size_t count = 0;
  for (size_t at = 0; (at = document.find("\"with_car\": false", at + 1)) != std::string::npos;)
    ++count;
  CHECK(count == saved.list.operations.size());
  saved.harness.simulator().add_fault({.match = "GET /defender/api/machines", .status = 403});
  CHECK(shape_fault(say(saved.harness, "plan --format json").out, "plan") == "");
}
