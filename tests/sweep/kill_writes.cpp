// Killed at the n-th change of the disk, for every n of every kind of run, and the same as a power
// cut; see failing_disk.h for what either leaves. Main file, WAL and stage file alike. Whatever
// databases are there then are whole, and the next run converges.
#include <signal.h>
#include <sqlite3.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "killed.h"
#include "program.h"
#include "sweep.h"

using namespace sweep;
using e2e::Harness;
namespace fs = std::filesystem;

namespace {

struct Run {
  Ending ending;
  std::string output;
};

Run run_on_failing_disk(Harness& harness, const std::string& end, std::size_t nth,
                        std::size_t seed) {
  Run out;
  const bool full = harness.settings().mode == defender_car::Mode::full;
  harness.disturbed([&] {
    Program child(RUN_ON_FAILING_DISK,
                  {harness.simulator().url(), harness.settings().working_dir.string(),
                   full ? "full" : "auto", end, std::to_string(nth), std::to_string(seed)});
    out.ending = child.wait();
    out.output = child.output();
  });
  return out;
}

std::size_t changes_of(Kind kind) {
  const Run run = run_on_failing_disk(*before(kind), "none", 0, 0);
  INFO(run.output);
  REQUIRE(run.ending.exit_code == 0);
  return std::strtoull(run.output.c_str(), nullptr, 10);
}

using Connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

/// Every row of a check that should say nothing but ok.
std::string complaints(sqlite3* database, const char* check) {
  std::string out;
  const auto collect = [](void* text, int columns, char** values, char**) {
    if (columns > 1 || std::string(values[0]) != "ok")
      *static_cast<std::string*>(text) += std::string("\n  ") + (values[0] ? values[0] : "NULL");
    return 0;
  };
  char* error = nullptr;
  if (sqlite3_exec(database, check, collect, &out, &error) != SQLITE_OK)
    out += std::string("\n  ") + error;
  sqlite3_free(error);
  return out.empty() ? out : std::string(check) + out;
}

std::string complaints_about(const fs::path& file) {
  sqlite3* opened = nullptr;
  sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const Connection database(opened, sqlite3_close);
  const std::string all =
      complaints(opened, "PRAGMA integrity_check") + complaints(opened, "PRAGMA foreign_key_check");
  return all.empty() ? all : "\n" + file.string() + ": " + all;
}

/// Of copies, so that the engine finds the files as they were left.
std::string broken_databases(const fs::path& folder) {
  const e2e::TemporaryFolder copies;
  std::string out;
  for (const char* name : {"state.db", "state.db-journal", "state.db-wal"})
    if (fs::exists(folder / name)) fs::copy_file(folder / name, copies.path() / name);
  if (fs::exists(copies.path() / "state.db")) out += complaints_about(copies.path() / "state.db");
  if (!fs::exists(folder / "snapshots")) return out;
  for (const fs::directory_entry& snapshot : fs::directory_iterator(folder / "snapshots")) {
    const fs::path copy = copies.path() / snapshot.path().filename();
    fs::copy_file(snapshot.path(), copy);
    out += complaints_about(copy);
  }
  return out;
}

struct Way {
  Kind kind;
  std::size_t nth;
  std::size_t seed;
};

/// `rounds`: how often each point, with another seed each time.
std::vector<Way> all_ways(std::size_t rounds) {
  std::vector<Way> out;
  for (const Kind kind : all_kinds) {
    const std::size_t count = changes_of(kind);
    for (std::size_t round = 0; round < rounds; ++round)
      for (std::size_t nth = 0; nth < count; ++nth) out.push_back({kind, nth, round});
  }
  return out;
}

void sweep_writes(const std::string& end, const std::vector<Way>& ways, Tally& tally) {
  for (const std::size_t point : points(ways.size(), 16)) {
    const Way& way = ways[point];
    tally.begin_point();
    const std::unique_ptr<Harness> harness = before(way.kind);
    const Run run = run_on_failing_disk(*harness, end, way.nth, point);
    if (run.ending.signal == SIGKILL) tally.survived();
    const std::string broken = broken_databases(harness->settings().working_dir);
    const std::vector<std::string> problems = not_recovered(*harness);
    tally.wrong_removals(harness->violations().size());
    if (!problems.empty() || !broken.empty()) tally.not_converged();
    INFO("point " << point << ": " << end << " at change " << way.nth << " of "
                  << name_of(way.kind));
    CHECK(broken == "");
    CHECK(e2e::joined(problems) == "");
    CHECK(e2e::joined(harness->violations()) == "");
  }
  // Answers come in another order each time, so the very last change may not come.
  CHECK(tally.faults_survived() + tally.tried() / 50 + 1 >= tally.tried());
}

/// A user comes to one machine, or goes again.
void newcomer(Harness& harness, bool comes) {
  harness.simulator().live(1);
  harness.simulator().with_tenant([&](simulator::Tenant& tenant) {
    const auto found =
        std::find_if(tenant.devices.begin(), tenant.devices.end(), [](const auto& entry) {
          return entry.second.onboarding_status == "Onboarded" && entry.second.name &&
                 !entry.second.users.empty();
        });
    REQUIRE(found != tenant.devices.end());
    simulator::Device& device = found->second;
    if (comes) {
      device.users.push_back(device.users.front());
      device.users.back().account_name = "newcomer";
    } else {
      REQUIRE(device.users.back().account_name == "newcomer");
      tenant.remove_user(device, device.users.size() - 1);
    }
    tenant.report(device, tenant.now_ms - 1000);
  });
}

}  // namespace

TEST_CASE("Killed at any change of the disk the next run converges", "[kill]") {
  Tally tally("killed at the n-th write");
  sweep_writes("kill", all_ways(1), tally);
}

TEST_CASE("After a power cut at any change of the disk the next run converges", "[power]") {
  Tally tally("power cut at the n-th write");
  sweep_writes("power-cut", all_ways(full_length() ? 2 : 1), tally);
}

// What the state file forgot, no reading of Defender would bring back: it must be on the disk
// before CAR hears of it.
TEST_CASE("After a power cut nothing is forgotten that CAR was told", "[power]") {
  Tally tally("power cut, then Defender takes it back");
  const auto told = [] {
    auto harness = before(Kind::incremental);
    REQUIRE_FALSE(harness->sync(e2e::Reading::incremental).failure);
    newcomer(*harness, true);
    return harness;
  };
  const Run whole = run_on_failing_disk(*told(), "none", 0, 0);
  const std::size_t count = std::strtoull(whole.output.c_str(), nullptr, 10);
  for (const std::size_t point : points(count / 2, 16)) {
    tally.begin_point();
    const auto harness = told();
    const Run run = run_on_failing_disk(*harness, "power-cut", count - 1 - point, point);
    if (run.ending.signal == SIGKILL) tally.survived();
    newcomer(*harness, false);
    const std::vector<std::string> problems = not_recovered(*harness);
    if (!problems.empty()) tally.not_converged();
    INFO("point " << point << ": change " << count - 1 - point << " of " << count);
    CHECK(e2e::joined(problems) == "");
  }
}
