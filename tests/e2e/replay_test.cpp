// Replay: the chain of a life's snapshots, in an empty folder, comes to the same digests, to the
// same acknowledged graph, and makes of a fresh CAR what the original one is.
#include "sync/replay.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/gzip.h"
#include "base/sha256.h"
#include "harness.h"
#include "random.h"
#include "said.h"
#include "shape.h"
#include "snapshot/retention.h"

using namespace e2e;
using defender_car::ReplayReport;
using defender_car::ReplayRequest;
using defender_car::RunMode;
using defender_car::RunReport;
using simulator::Fault;
using simulator::FaultKind;
namespace fs = std::filesystem;

namespace {

/// Exit code and standard output of the real program.
std::pair<int, std::string> program(const std::string& arguments) {
  Said said = run_program(arguments);
  return {said.exit_code, std::move(said.out)};
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
  defender_car::SilentProgress progress;
  return defender_car::replay_to_sink(
      folder, {.files = std::move(files), .until = until, .to_car = false}, progress);
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
    text += "\n  run " + std::to_string(run.run_id) + " " + defender_car::kRunModes.text(run.mode);
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
                                      {.kind = FaultKind::truncated},
                                      {.kind = FaultKind::wrong_date, .date_off_s = 5'000'000},
                                      {.kind = FaultKind::wrong_date, .date_off_s = -5'000'000}};
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
    seen.failed += report.outcome == defender_car::RunOutcome::failed ||
                           report.outcome == defender_car::RunOutcome::partial
                       ? 1
                       : 0;
    seen.held += report.outcome == defender_car::RunOutcome::held ? 1 : 0;
    seen.full += report.mode == RunMode::full ? 1 : 0;
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
    harness.settings().keep_days = 365;  // the whole chain, without a checkpoint
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

namespace {

/// A chain of four runs, the first one full, and a copy of the state after the second one.
struct Chain {
  Chain() : harness(scenario_of(2)) {
    harness.sync(Reading::full);
    for (int run = 2; run <= 4; ++run) {
      harness.simulator().live(40);
      harness.sync(Reading::incremental);
      if (run == 2) ask(state(), "VACUUM INTO '" + (folder.path() / "copy.db").string() + "'");
    }
    files = snapshots_of(harness.settings().working_dir);
  }
  fs::path state() const { return harness.settings().working_dir / "state.db"; }
  std::string digest(int run) const {
    return ask(state(), "SELECT digest FROM run WHERE run_id = " + std::to_string(run));
  }

  Harness harness;
  TemporaryFolder folder;
  std::vector<fs::path> files;
};

std::string refusal(const fs::path& folder, const std::vector<fs::path>& files) {
  try {
    replay_into(folder, files);
  } catch (const defender_car::Error& error) {
    return error.what();
  }
  return "";
}

std::string last_run(const fs::path& folder) {
  return ask(folder / "state.db", "SELECT max(run_id) FROM run");
}

}  // namespace

TEST_CASE(
    "A replay stops where it is told and goes on from a copy, from there, or from a checkpoint") {
  Chain chain;
  REQUIRE(chain.files.size() == 4);
  const TemporaryFolder folder;
  CHECK(replay_into(folder.path(), chain.files, 2).runs.size() == 2);
  CHECK(last_run(folder.path()) == "2\n");
  const ReplayReport rest = replay_into(folder.path(), chain.files);
  CHECK(rest.from == "run 2");
  CHECK(rest.skipped == 2);
  CHECK(rest.runs.size() == 2);
  CHECK(rest.equal);

  const TemporaryFolder copy;
  fs::copy_file(chain.folder.path() / "copy.db", copy.path() / "state.db");
  CHECK(replay_into(copy.path(), {chain.files[3], chain.files[2]}).equal);
  CHECK(last_run(copy.path()) == "4\n");

  const TemporaryFolder from_checkpoint;
  const ReplayReport report = replay_into(
      from_checkpoint.path(), {chain.folder.path() / "copy.db", chain.files[2], chain.files[3]});
  CHECK(report.from == "copy.db");
  CHECK(report.equal);
  CHECK(ask(from_checkpoint.path() / "state.db", kAcknowledged) ==
        ask(chain.state(), kAcknowledged));
}

TEST_CASE("An incremental run stands on nothing but what it was built on") {
  Chain chain;
  const TemporaryFolder folder;
  CHECK_THAT(refusal(folder.path(), {chain.files[0], chain.files[2]}),
             Catch::Contains("snapshots between are missing"));
  CHECK_THAT(refusal(folder.path(), {chain.files[1]}), Catch::Contains("no full import"));
  const fs::path twin = folder.path() / "000002-incremental.db";
  fs::copy_file(chain.files[1], twin);
  ask(twin, "UPDATE run SET builds_on = '" + std::string(64, 'a') + "'");
  CHECK_THAT(refusal(folder.path(), {chain.files[0], twin}),
             Catch::Contains("snapshots between are missing"));
}

TEST_CASE("An incremental run's snapshot holds what was new in it, and that replays") {
  Harness harness(scenario_of(4));
  harness.sync(Reading::full);
  harness.simulator().live(1);
  harness.sync(Reading::incremental);
  harness.sync(Reading::incremental);
  const auto files = snapshots_of(harness.settings().working_dir);
  REQUIRE(files.size() == 3);
  const std::string rows =
      "SELECT (SELECT count(*) FROM MachineInfo) + (SELECT count(*) FROM MachineNetworkInfo) + "
      "(SELECT count(*) FROM SoftwareVulnerabilities) + (SELECT count(*) FROM VulnerabilityKb)";
  CHECK(ask(files[0], "SELECT pruned FROM run") == "0\n");
  CHECK(std::stoi(ask(files[0], rows)) > 20);
  // Nothing happened between the last two, and all was read again.
  CHECK(ask(files[2], "SELECT pruned FROM run") == "1\n");
  CHECK(ask(files[2], rows) == "0\n");
  CHECK(std::stoi(ask(files[2], "SELECT records FROM dataset WHERE name = 'vulnerabilities'")) > 5);
  const TemporaryFolder folder;
  CHECK(replay_into(folder.path(), files).equal);
}

TEST_CASE("Damaged, foreign, newer and cut-off files are refused and nothing is changed") {
  Chain chain;
  const TemporaryFolder place;
  const TemporaryFolder folder;
  const fs::path file = place.path() / "000001-full.db";
  fs::copy_file(chain.files[0], file);
  std::string reason;
  SECTION("cut off") {
    fs::resize_file(file, fs::file_size(file) / 2);
    reason = "damaged";
  }
  SECTION("empty") {
    fs::resize_file(file, 0);
    reason = "is no snapshot";
  }
  SECTION("a byte in the middle") {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(fs::file_size(file) / 2 / 4096 * 4096));
    bytes << std::string(200, '\xff');
    reason = "damaged";
  }
  SECTION("newer") {
    ask(file, "PRAGMA user_version = 99");
    reason = "newer program";
  }
  SECTION("older") {
    ask(file, "PRAGMA user_version = 0");
    reason = "older program";
  }
  SECTION("another program's") {
    ask(file, "PRAGMA application_id = 7");
    reason = "no snapshot of this program";
  }
  SECTION("with a trigger") {
    ask(file, "CREATE TRIGGER t AFTER INSERT ON withheld BEGIN SELECT 1; END");
    reason = "its tables are not those";
  }
  SECTION("with a log beside it") {
    std::ofstream(file.string() + "-wal") << "pages that a copy of the file alone has not";
    reason = "take another copy with VACUUM INTO";
  }
  SECTION("of an unfinished run") {
    ask(file, "UPDATE run SET digest = NULL");
    reason = "ended before it was through";
  }
  SECTION("without its run") {
    ask(file, "DELETE FROM run");
    reason = "row of its run";
  }
  SECTION("of another tenant") {
    ask(file, "UPDATE run SET tenant = 'somebody else'");
    reason = "replay one at a time";
  }
  SECTION("compressed and cut off") {
    const fs::path compressed = place.path() / "000001-full.db.gz";
    defender_car::compress_file(file, compressed);
    fs::resize_file(compressed, fs::file_size(compressed) / 2);
    fs::remove(file);
    CHECK_THAT(refusal(folder.path(), {compressed, chain.files[1]}), Catch::Contains("cut off"));
    CHECK_FALSE(fs::exists(folder.path() / "state.db"));
    return;
  }
  CHECK_THAT(refusal(folder.path(), {file, chain.files[1]}), Catch::Contains(reason));
  CHECK_FALSE(fs::exists(folder.path() / "state.db"));
}

TEST_CASE("A row changed in a snapshot shows as a difference with its lines") {
  Chain chain;
  const TemporaryFolder place;
  const TemporaryFolder folder;
  std::vector<fs::path> files = chain.files;
  const size_t which = GENERATE(0, 2);
  files[which] = place.path() / files[which].filename();
  fs::copy_file(chain.files[which], files[which]);
  ask(files[which], "UPDATE MachineInfo SET osPlatform = 'Commodore64' WHERE rowid = 1");
  const ReplayReport report = replay_into(folder.path(), files);
  CHECK_FALSE(report.equal);
  REQUIRE(report.runs.size() == 4);
  CHECK_FALSE(report.runs[which].equal());
  CHECK_THAT(joined(report.runs[which].differences), Catch::Contains("Commodore64"));
  for (size_t run = 0; run < which; ++run) CHECK(report.runs[run].equal());
}

TEST_CASE("A real CAR that stands elsewhere is not taken back in time") {
  Chain chain;
  defender_car::SyncSettings settings = chain.harness.settings();
  const TemporaryFolder folder;
  settings.working_dir = folder.path();
  const auto before = chain.harness.simulator().car_graph();
  CHECK_THROWS_WITH(replayed(settings, {.files = chain.files, .until = 3, .to_car = true}),
                    Catch::Contains("back in time"));
  CHECK(chain.harness.simulator().car_graph() == before);
}

TEST_CASE("Before retention takes a chain its beginning it writes a checkpoint") {
  Chain chain;
  const fs::path snapshots = chain.harness.settings().working_dir / "snapshots";
  for (const fs::path& file : chain.files)
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(24 * 400));
  chain.harness.simulator().live(5);
  chain.harness.sync(Reading::incremental);
  std::set<std::string> names;
  for (const auto& file : defender_car::kept_files(snapshots))
    names.insert(file.path.filename().string());
  CHECK(names == std::set<std::string>{"000005-incremental.db", "000005-checkpoint.db"});
  const std::string check =
      "snapshots check --working-dir " + chain.harness.settings().working_dir.string();
  CHECK(program(check).first == 0);
  chain.harness.simulator().live(5);
  chain.harness.sync(Reading::incremental);
  const TemporaryFolder folder;
  const ReplayReport report =
      replay_into(folder.path(), snapshots_of(chain.harness.settings().working_dir));
  CHECK(report.equal);
  CHECK(report.runs.size() == 1);
  CHECK(ask(folder.path() / "state.db", kAcknowledged) == ask(chain.state(), kAcknowledged));
}

TEST_CASE("A run killed before it wrote its snapshot down leaves no gap") {
  Chain chain;
  const fs::path folder = chain.harness.settings().working_dir;
  const fs::path checkpoint = folder / "snapshots" / "000004-checkpoint.db";
  bool lost = false;
  SECTION("its stage is still there") { fs::rename(chain.files[3], folder / "stage.db"); }
  SECTION("its stage is lost") {
    lost = true;
    fs::remove(chain.files[3]);
  }
  SECTION("it is in place already") {}
  ask(chain.state(), "UPDATE run SET snapshot = NULL WHERE run_id = 4");
  fs::remove(folder / "state.lock");  // as after a kill: not altered by somebody else
  for (int run = 5; run <= 6; ++run) {
    chain.harness.simulator().live(20);
    CHECK(chain.harness.disturbed_sync().mode == RunMode::incremental);
  }
  CHECK(fs::exists(checkpoint) == lost);
  CHECK(ask(chain.state(), "SELECT snapshot FROM run WHERE run_id = 4") ==
        (lost ? "000004-checkpoint.db\n" : "000004-incremental.db\n"));
  CHECK(program("snapshots check --working-dir " + folder.string()).first == 0);
  const TemporaryFolder replayed_folder;
  const ReplayReport report = replay_into(replayed_folder.path(), snapshots_of(folder));
  INFO(differences_of(report));
  CHECK(report.equal);
  CHECK(report.from == (lost ? "000004-checkpoint.db" : ""));
  CHECK(report.warnings.size() == (lost ? 1 : 0));
  CHECK(last_run(replayed_folder.path()) == last_run(folder));
}

TEST_CASE("A replay does not end beyond the run that it was told") {
  Chain chain;
  const TemporaryFolder folder;
  const auto refused = [&](const std::vector<fs::path>& files) {
    try {
      replay_into(folder.path(), files, 1);
    } catch (const defender_car::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refused({chain.folder.path() / "copy.db", chain.files[2]}),
             Catch::Contains("no checkpoint among the files up to run 1"));
  CHECK_FALSE(fs::exists(folder.path() / "state.db"));
  replay_into(folder.path(), chain.files, 2);
  CHECK_THAT(refused(chain.files), Catch::Contains("stands after run 2 already"));
}

namespace {

/// Cuts a replay off within its second derivation.
struct Cutting final : defender_car::Progress {
  void report(std::string_view what, std::int64_t, std::int64_t) override {
    if (what == "deriving: 20_merge" && ++count == 2)
      throw defender_car::Error(defender_car::ErrorKind::interrupted, "cut off");
  }
  void waiting(std::string_view, std::int64_t) override {}
  int count = 0;
};

}  // namespace

TEST_CASE("A replay that was cut off goes on to the same end") {
  Harness harness(scenario_of(2));
  harness.sync(Reading::full);
  harness.simulator().live(40);
  REQUIRE(harness.sync(Reading::incremental).outcome == defender_car::RunOutcome::done);
  REQUIRE(ask(harness.settings().working_dir / "state.db",
              "SELECT count(*) FROM ledger WHERE run_id = 2 AND operation = 'disable'") != "0\n");
  // What the second run removed may not come back by the third one's word.
  harness.simulator().add_fault({.match = "advancedqueries", .status = 403});
  harness.simulator().live(5);
  REQUIRE(harness.disturbed_sync().outcome == defender_car::RunOutcome::partial);
  harness.simulator().clear_faults();
  const auto files = snapshots_of(harness.settings().working_dir);
  REQUIRE(files.size() == 3);

  const TemporaryFolder folder;
  const fs::path state = folder.path() / "state.db";
  SECTION("within a derivation") {
    Cutting progress;
    CHECK_THROWS(defender_car::replay_to_sink(
        folder.path(), {.files = files, .until = 0, .to_car = false}, progress));
  }
  SECTION("before its delivery") {
    replay_into(folder.path(), files, 1);
    ask(state, "ALTER TABLE ledger ADD COLUMN cut TEXT CONSTRAINT cut_off CHECK (run_id < 2)");
    CHECK_THAT(refusal(folder.path(), files), Catch::Contains("cut_off"));
    ask(state, "ALTER TABLE ledger DROP COLUMN cut");
    CHECK_THAT(refusal(folder.path(), {files[2]}), Catch::Contains("name its snapshot, too"));
  }
  const ReplayReport report = replay_into(folder.path(), files);
  INFO(differences_of(report));
  CHECK(report.equal);
  CHECK(last_run(folder.path()) == "3\n");
  CHECK(ask(state, kAcknowledged) ==
        ask(harness.settings().working_dir / "state.db", kAcknowledged));
  CHECK(ask(state, "SELECT count(*) FROM setting WHERE name = 'replaying'") == "0\n");
}

TEST_CASE("A replay or a pruning does not hide that somebody else wrote to the state") {
  Chain chain;
  const std::string dir = chain.harness.settings().working_dir.string();
  ask(chain.state(), "DELETE FROM acknowledged_edge");
  SECTION("a replay of nothing") { replay_into(dir, chain.files); }
  SECTION("one that is refused") {
    CHECK_THAT(refusal(dir, {dir + "/state.lock"}), Catch::Contains("damaged"));
  }
  SECTION("a pruning") { CHECK(program("snapshots prune --working-dir " + dir).first == 0); }
  CHECK(chain.harness.sync(Reading::full).mode == RunMode::full);
}

TEST_CASE("The program tells the same, in words and as JSON") {
  Chain chain;
  const TemporaryFolder folder;
  const std::string dir = chain.harness.settings().working_dir.string();
  const std::string replay = "replay '" + dir + "'/snapshots/*.db --working-dir ";
  const auto [code, text] = program(replay + (folder.path() / "a").string());
  CHECK(code == 0);
  CHECK_THAT(text, Catch::Contains("4 runs replayed") && Catch::Contains("All digests are equal"));
  CHECK(shape_fault(program(replay + (folder.path() / "b").string() + " --format json").second,
                    "replay") == "");
  CHECK(program("replay " + chain.files[0].string()).first == 2);  // into which folder?

  CHECK(program("snapshots check --working-dir " + dir).first == 0);
  fs::remove(chain.files[1]);
  const auto [gap, json] = program("snapshots check --format json --working-dir " + dir);
  CHECK(gap == 55);
  CHECK_THAT(json, Catch::Contains("a run's snapshot is missing"));
  CHECK(shape_fault(json, "snapshots") == "");
  CHECK(program(replay + (folder.path() / "c").string()).first == 2);
}

TEST_CASE("A chain of an earlier program still comes to its digests") {
  const std::string chain = GENERATE("chain-v1", "chain-v3");
  const fs::path frozen = fs::path(DEFENDER_CAR_ROOT) / "tests/upgrade" / chain;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(frozen)) files.push_back(entry.path());
  REQUIRE(files.size() == 4);
  const TemporaryFolder folder;
  const ReplayReport report = replay_into(folder.path(), files);
  INFO(differences_of(report));
  CHECK(report.runs.size() == 4);
  // Where a rule was changed on purpose: say so here, and make a new chain beside this one.
  CHECK(report.equal);
}

TEST_CASE("Time zone and locale are no part of a replay, and other rules are named") {
  Chain chain;
  const TemporaryFolder folder;
  const std::string files = "'" + chain.files[0].parent_path().string() + "'/*.db";
  ::setenv("TZ", "Pacific/Kiritimati", 1);
  ::setenv("LC_ALL", "tr_TR.UTF-8", 1);
  const auto [code, text] =
      program("replay " + files + " --working-dir " + (folder.path() / "a").string());
  ::unsetenv("TZ");
  ::unsetenv("LC_ALL");
  CHECK(code == 0);
  CHECK_THAT(text, Catch::Contains("All digests are equal"));

  ask(chain.files[1], "UPDATE run SET derivation = '1', digest = '" + std::string(64, 'a') + "'");
  ask(chain.files[2], "UPDATE run SET builds_on = '" + std::string(64, 'a') + "'");
  const auto [different, words] =
      program("replay " + files + " --working-dir " + (folder.path() / "b").string());
  CHECK(different == 4);
  CHECK_THAT(words, Catch::Contains("other rules than this program's"));
}

TEST_CASE("The history is pruned by runs, but for the last days' and what still hangs on one") {
  Chain chain;
  const auto count = [&](const char* table) {
    return ask(chain.state(), std::string("SELECT count(*) FROM ") + table);
  };
  ask(chain.state(), "UPDATE run SET started_at = (SELECT max(started_at) FROM run)");
  chain.harness.settings().keep_runs = 2;
  chain.harness.sync(Reading::incremental);
  CHECK(count("run") == "5\n");  // younger than two days
  ask(chain.state(), "UPDATE run SET started_at = '2026-01-01T00:00:00.000Z' WHERE run_id < 5");
  chain.harness.disturbed_sync();
  CHECK(ask(chain.state(), "SELECT min(run_id) FROM run") == "5\n");
  CHECK(ask(chain.state(), "SELECT count(*) FROM ledger WHERE run_id < 5") == "0\n");
  CHECK(ask(chain.state(), "SELECT count(*) FROM run_dataset WHERE run_id < 5") == "0\n");
  CHECK(ask(chain.state(), "PRAGMA foreign_key_check") == "");
}
