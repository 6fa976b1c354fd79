// Replay: the chain of a life's snapshots, in an empty folder, comes to the same digests, to the
// same acknowledged graph, and makes of a fresh CAR what the original one is.
#include "sync/replay.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <set>
#include <sstream>

#include "base/sha256.h"
#include "harness.h"
#include "random.h"
#include "sync/snapshots.h"

using namespace e2e;
using defender_car::ReplayReport;
using defender_car::ReplayRequest;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;
namespace fs = std::filesystem;

namespace {

/// By the stock shell: what anybody can see in the file.
std::string ask(const fs::path& database, const std::string& query) {
  const std::string command = "sqlite3 '" + database.string() + "' \"" + query + "\" 2>&1";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 4096> piece{};
  while (const size_t size = std::fread(piece.data(), 1, piece.size(), pipe.get()))
    text.append(piece.data(), size);
  return text;
}

constexpr const char* kAcknowledged =
    "SELECT 'v', v.collection, v.key, k.body FROM acknowledged_vertex k JOIN vertex v USING "
    "(vertex_id) "
    "UNION ALL SELECT n.collection, n.from_key, n.to_key, k.last_modified FROM acknowledged_edge k "
    "JOIN edge_name n USING (edge_id) ORDER BY 1, 2, 3, 4";

std::vector<fs::path> snapshots_of(const fs::path& working_dir) {
  std::vector<fs::path> files;
  for (const auto& file : defender_car::kept_files(working_dir / "snapshots"))
    files.push_back(file.path);
  return files;
}

ReplayReport replayed(const defender_car::SyncSettings& settings, const ReplayRequest& request) {
  defender_car::SilentProgress progress;
  defender_car::HttpClient http(e2e::http_options(), progress);
  return defender_car::replay(settings, request, http, progress);
}

ReplayReport replay_into(const fs::path& folder, std::vector<fs::path> files, int64_t until = 0) {
  defender_car::SyncSettings settings;
  settings.working_dir = folder;
  return replayed(settings, {.files = std::move(files), .until = until, .to_car = false});
}

/// Lines that one side only has.
std::string differing(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::vector<std::string> lines;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(lines));
  for (std::string& line : lines)
    line = (a.contains(line) ? "first only: " : "second only: ") + line;
  return joined(lines);
}

std::set<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::set<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

std::string differences_of(const ReplayReport& report) {
  std::string text;
  for (const auto& run : report.runs) {
    if (run.equal()) continue;
    text += "\n  run " + std::to_string(run.run_id) + " " + run.mode;
    for (const auto& line : run.differences) text += "\n    " + line;
  }
  return text;
}

void order_faults(Harness& harness, simulator::Random& random) {
  static const std::vector<Fault> mix{{.status = 400},
                                      {.status = 403},
                                      {.status = 500},
                                      {.status = 503},
                                      {.kind = FaultKind::reset_after},
                                      {.kind = FaultKind::truncated}};
  for (int number = 0; number < 300; ++number) {
    if (!random.chance(5'000)) continue;
    Fault fault = random.pick(mix);
    fault.after = number;
    fault.count = 1;
    harness.simulator().add_fault(fault);
  }
}

/// Days with faults and tight guards, then a calm end. Counts what was seen on the way.
struct Seen {
  int failed = 0;
  int held = 0;
  int full = 0;
};

void live(Harness& harness, uint64_t seed, Seen& seen) {
  simulator::Random random(seed);
  harness.sync_either_way();
  const auto deletes = harness.settings().max_deletes;
  const auto disables = harness.settings().max_disables;
  for (int step = 0; step < 7; ++step) {
    harness.simulator().live(1 + static_cast<int>(random.below(100)));
    if (random.chance(30'000)) harness.settings().max_disables = {.count = 1};
    if (random.chance(30'000)) harness.settings().max_deletes = {.count = 0};
    if (random.chance(10'000)) harness.settings().mode = defender_car::Mode::full;
    if (random.chance(50'000)) order_faults(harness, random);
    const RunReport report = harness.disturbed_sync();
    harness.simulator().clear_faults();
    seen.failed += report.outcome == "failed" || report.outcome == "partial" ? 1 : 0;
    seen.held += report.outcome == "held" ? 1 : 0;
    seen.full += report.mode == "full" ? 1 : 0;
    harness.settings().max_deletes = deletes;
    harness.settings().max_disables = disables;
    harness.settings().mode = defender_car::Mode::automatic;
  }
  const RunReport calm = harness.sync_either_way();
  INFO(describe(calm));
  CHECK_FALSE(calm.failure);
  // Vertices that no edge needs any longer stay in CAR until a full import, as they once were sent.
  harness.settings().mode = defender_car::Mode::full;
  const RunReport whole = harness.sync(Reading::full);
  INFO(describe(whole));
  CHECK_FALSE(whole.failure);
}

}  // namespace

TEST_CASE("A chain with faults and guard stops replays to the same end") {
  const Seeds seeds = seeds_to_run();
  Seen seen;
  for (uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    Scenario scenario = scenario_of(seed);
    scenario.machines = 8 + seed % 7;
    INFO(describe(scenario));
    Harness harness(scenario);
    harness.remember_disturbed_runs();
    harness.settings().compress_snapshots = seed % 4 == 0;
    live(harness, seed, seen);
    const fs::path original = harness.settings().working_dir;
    const auto files = snapshots_of(original);
    REQUIRE(files.size() > 1);

    const TemporaryFolder folder;
    const ReplayReport report = replay_into(folder.path(), files);
    INFO(differences_of(report));
    CHECK(report.equal);
    CHECK(report.runs.size() == files.size());
    CHECK(differing(lines_of(ask(original / "state.db", kAcknowledged)),
                    lines_of(ask(folder.path() / "state.db", kAcknowledged))) == "");

    const simulator::Simulator fresh(simulator_options(scenario));
    const TemporaryFolder to_car;
    defender_car::SyncSettings settings = settings_for(fresh.url(), scenario);
    settings.working_dir = to_car.path();
    CHECK(replayed(settings, {.files = files, .until = 0, .to_car = true}).equal);
    const auto here = fresh.car_graph();
    const auto there = harness.simulator().car_graph();
    CHECK(differing({there.begin(), there.end()}, {here.begin(), here.end()}) == "");
  }
  if (seeds.count < 10) return;
  CHECK(seen.failed > 0);
  CHECK(seen.held > 0);
  CHECK(seen.full > 0);
}

TEST_CASE("The digest of a full import is what the shell's own sum of audit_graph says") {
  Harness harness(scenario_of(1));
  harness.sync(Reading::full);
  const fs::path state = harness.settings().working_dir / "state.db";
  defender_car::Sha256 sum;
  sum.add(ask(state, "SELECT line FROM audit_graph"));
  CHECK(ask(state, "SELECT digest FROM run") == sum.finish() + "\n");

  harness.simulator().live(30);
  harness.sync(Reading::incremental);
  const fs::path snapshot = snapshots_of(harness.settings().working_dir).back();
  sum.add(
      ask(snapshot, "SELECT builds_on FROM run; SELECT line FROM graph_change ORDER BY position"));
  CHECK(ask(state, "SELECT digest FROM run WHERE run_id = 2") == sum.finish() + "\n");
}
