// The state file is somebody else's, newer, damaged, locked, or wanted by a hundred at once.

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "trial.h"

using namespace sweep;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// A program of its own that has the state file open.
class OtherProgram {
 public:
  explicit OtherProgram(const fs::path& file) {
    REQUIRE(sqlite3_open(file.c_str(), &database_) == SQLITE_OK);
  }
  ~OtherProgram() { sqlite3_close(database_); }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;
  void run(const std::string& sql) {
    REQUIRE(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }

 private:
  sqlite3* database_ = nullptr;
};

/// Refused with that code and word; the file is as before, byte for byte, and CAR heard nothing.
void expect_refused(Trial& trial, const Command& command, int code, const std::string& word) {
  const std::string before = text_of(trial.state());
  trial.simulator().clear_requests();
  const Ended ended = run(command);
  INFO(ended.err);
  CHECK(ended.code == code);
  CHECK_THAT(ended.err, Catch::Contains(word));
  CHECK(wrong_with(ended) == "");
  CHECK(text_of(trial.state()) == before);
  CHECK(trial.writes().empty());
}

/// Either the run notices and says what to do, and then a folder moved away helps; or it ends
/// right.
void judge_damaged(Trial& trial, const Ended& ended, Tally& tally) {
  INFO("exit code " << ended.code << ", signal " << ended.signal << "\n" << ended.err);
  CHECK(wrong_with(ended) == "");
  if (ended.code != 0) {
    tally.survived();
    // Bytes within the tenant's or the source's name make it another's file.
    CHECK(ended.code == (ended.err.find("belongs to") != std::string::npos ? 2 : 1));
    CHECK(trial.writes().empty());
    for (const char* name : {"state.db", "state.db-wal", "state.db-shm"})
      fs::remove(trial.folder() / name);
  }
  const std::string problem = trial.converge();
  if (!problem.empty()) tally.not_converged();
  tally.wrong_removals(trial.wrong_removals());
  CHECK(problem == "");
  CHECK(e2e::joined(trial.violations()) == "");
}

std::size_t state_size() {
  Trial trial(Moment::incremental);
  return fs::file_size(trial.state());
}

}  // namespace

TEST_CASE("a state file of another tenant or source or of a newer program is refused untouched") {
  Tally tally("machine: another's state");
  tally.begin_point();
  Trial trial(Moment::incremental);
  Command command = trial.sync();
  command.environment["CONFIGURATION_AUTH_TENANT"] = "99999999-2222-3333-4444-555555555555";
  expect_refused(trial, command, 2, "belongs to tenant");
  command = trial.sync();
  command.environment["CONNECTION_NAME"] = "another";
  expect_refused(trial, command, 2, "belongs to source");
  judge(trial, run(trial.sync()), tally);
  OtherProgram(trial.state()).run("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
  expect_refused(trial, trial.sync(), 2, "newer program");
}

TEST_CASE("a truncated state file") {
  Tally tally("machine: truncated state");
  const std::size_t step = 4096 - 7;
  for (const std::size_t point : points(state_size() / step, 5)) {
    tally.begin_point();
    INFO("point " << point << ", length " << point * step);
    Trial trial(Moment::incremental);
    fs::resize_file(trial.state(), point * step);
    trial.simulator().clear_requests();
    judge_damaged(trial, run(trial.sync()), tally);
  }
  CHECK(tally.faults_survived() > 0);
}

TEST_CASE("damage in the middle of the state file") {
  Tally tally("machine: damaged state");
  const std::size_t step = 1361;
  for (const std::size_t point : points(state_size() / step, 10)) {
    tally.begin_point();
    INFO("point " << point << ", at " << point * step);
    Trial trial(Moment::incremental);
    std::fstream file(trial.state(), std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(point * step);
    file.seekg(at);
    const std::size_t length = point % 3 == 0 ? 1 : point % 3 == 1 ? 16 : 512;
    std::string bytes(length, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(length));
    file.clear();
    for (char& byte : bytes) byte = static_cast<char>(byte ^ (point % 2 == 0 ? 0x01 : 0x5a));
    file.seekp(at);
    file.write(bytes.data(), static_cast<std::streamsize>(length));
    file.close();
    trial.simulator().clear_requests();
    judge_damaged(trial, run(trial.sync()), tally);
  }
  CHECK(tally.faults_survived() > 0);
}

TEST_CASE("what another program wrote into the state file is not relied upon") {
  Tally tally("machine: state written to");
  tally.begin_point();
  Trial trial(Moment::incremental);
  // What happened since the last run would never be read.
  OtherProgram(trial.state())
      .run(
          "UPDATE cursor SET at = strftime('%Y-%m-%dT%H:%M:%fZ', at, '+30 hours');"
          "DELETE FROM claim WHERE edge_id % 5 = 0; PRAGMA wal_checkpoint(TRUNCATE)");
  const Ended ended = run(trial.sync());
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(trial.as_twin());
  tally.survived();
  judge(trial, ended, tally);
}

// The largest tables declare no parents (migrations/0004_software.sql): the check of a file that
// somebody wrote to looks.
TEST_CASE("rows without their parents are damage") {
  const char* row =
      GENERATE("claim SELECT 999999999, 'users', min(edge_id), 1 FROM edge",
               "claim SELECT min(vertex_id), 'users', 999999999, 1 FROM vertex",
               "edge SELECT 999999999, 'asset_user', min(vertex_id), 999999999 FROM vertex",
               "acknowledged_edge VALUES (999999999, NULL, '2026-03-01T00:00:00.000Z', 1, 1)",
               "machine_software SELECT min(vertex_id), 999999999, 1 FROM vertex");
  INFO(row);
  Trial trial(Moment::incremental);
  OtherProgram(trial.state())
      .run(std::string("INSERT INTO ") + row + "; PRAGMA wal_checkpoint(TRUNCATE)");
  const Ended ended = run(trial.sync());
  INFO(ended.err);
  CHECK(ended.code == 1);
  CHECK(ended.err.find("rows without their parents") != std::string::npos);
}

TEST_CASE("a reader holds the state file open throughout") {
  Tally tally("machine: a reader");
  tally.begin_point();
  Trial trial(Moment::incremental);
  {
    OtherProgram reader(trial.state());
    reader.run("BEGIN; SELECT count(*) FROM run");
    const Ended ended = run(trial.sync());
    INFO(ended.err);
    CHECK(ended.code == 0);
    CHECK(trial.as_twin());
  }
  // Its end folds the log into the file: that is no reason to distrust it.
  const Ended after = run(trial.sync());
  CHECK(after.code == 0);
  CHECK(trial.writes().empty() == false);
  judge(trial, after, tally);
}

TEST_CASE("the state file is locked for a while and for ever") {
  Tally tally("machine: locked state");
  tally.begin_point();
  Trial trial(Moment::incremental);
  auto writer = std::make_unique<OtherProgram>(trial.state());
  writer->run("BEGIN IMMEDIATE");
  {
    Child child(trial.sync());
    std::this_thread::sleep_for(std::chrono::seconds(full_length() ? 60 : 2));
    writer->run("ROLLBACK");
    const Ended ended = child.wait();
    INFO(ended.err);
    CHECK(ended.code == 0);
  }
  writer->run("BEGIN IMMEDIATE");
  tally.begin_point();
  Child child(trial.sync());
  // A person who does not want to wait gets an end at once.
  if (!full_length()) {
    const std::string holder = "process " + std::to_string(child.id()) + ",";
    while (text_of(trial.folder() / "state.lock").find(holder) == std::string::npos)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    child.send(SIGTERM);
  }
  const Ended ended = child.wait();
  CHECK(ended.code == 1);
  CHECK_THAT(ended.err, Catch::Contains("keeps the file locked"));
  writer.reset();
  judge(trial, ended, tally);
}

TEST_CASE("a hundred runs at once") {
  Tally tally("machine: a hundred at once");
  tally.begin_point();
  Trial trial(Moment::full);
  // Whoever comes first is kept busy until the others have come.
  simulator::Fault stall;
  stall.match = "/car/";
  stall.kind = simulator::FaultKind::stall;
  stall.count = 1;
  stall.stall_ms = 4000;
  trial.simulator().add_fault(stall);
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < (full_length() ? 100 : 25); ++i)
    children.push_back(std::make_unique<Child>(trial.sync()));
  std::set<std::string> worked;
  std::vector<std::string> refused;
  for (const auto& child : children) {
    const std::string name = "process " + std::to_string(child->id()) + ",";
    const Ended ended = child->wait();
    INFO(ended.err);
    CHECK((ended.code == 0 || ended.code == 11));
    if (ended.code == 0) worked.insert(name);
    if (ended.code == 11) refused.push_back(ended.err);
  }
  // On a machine too busy to start all of them meanwhile, a late one may find the lock free.
  CHECK(!worked.empty());
  CHECK(!refused.empty());
  for (const std::string& words : refused) {
    INFO(words);
    CHECK(std::any_of(worked.begin(), worked.end(), [&](const std::string& name) {
      return words.find(name) != std::string::npos;
    }));
    tally.survived();
  }
  judge(trial, {0, 0, "", ""}, tally);
}

TEST_CASE("the lock goes with its holder") {
  Tally tally("machine: holder killed");
  tally.begin_point();
  Trial trial(Moment::full);
  simulator::Fault stall;
  stall.match = "/car/";
  stall.kind = simulator::FaultKind::stall;
  stall.count = 1;
  stall.stall_ms = 3000;
  trial.simulator().add_fault(stall);
  Child holder(trial.sync());
  while (trial.simulator().requests().empty() && text_of(trial.folder() / "state.lock").empty())
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  holder.send(SIGKILL);
  const Ended killed = holder.wait();
  CHECK(killed.signal == SIGKILL);
  tally.survived();
  judge(trial, run(trial.sync()), tally);
}
