// What others do to the state file: its schema is changed between two runs, it is written to or
// replaced while a run is at work, and what a killed run wrote is taken away. Whatever it was, the
// next run knows it, `status` says it, and CAR ends as the undisturbed twin.

#include <signal.h>
#include <sqlite3.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>

#include "trial.h"

using namespace sweep;
namespace fs = std::filesystem;
using simulator::RequestStage;

namespace {

constexpr const char* kAltered = "written to by another program";

using Rows = std::vector<std::vector<std::string>>;

/// The sqlite3 shell in somebody else's hands.
Rows with_shell(const fs::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  sqlite3_busy_timeout(database, 60'000);  // a run may be in the midst of a transaction
  Rows rows;
  const auto take = [](void* to, int count, char** values, char**) {
    auto& row = static_cast<Rows*>(to)->emplace_back();
    for (int i = 0; i < count; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
    return 0;
  };
  const int code = sqlite3_exec(database, sql.c_str(), take, &rows, nullptr);
  INFO(sql << ": " << sqlite3_errmsg(database));
  CHECK(code == SQLITE_OK);
  sqlite3_close(database);
  return rows;
}

Ended status_of(const Trial& trial) {
  Command command = trial.sync();
  command.words = {command.words[0], "status", "--working-dir", trial.folder().string()};
  return run(command);
}

void expect_full_import(const Trial& trial, const std::string& why) {
  const Rows last =
      with_shell(trial.state(), "SELECT mode, reason FROM run ORDER BY run_id DESC LIMIT 1");
  CHECK(last.at(0).at(0) == "full");
  CHECK_THAT(last.at(0).at(1), Catch::Contains(why));
}

/// `status` says `told`, the next run is full because of `why`, and CAR is as the twin's then.
void expect_healed(Trial& trial, const std::string& told, const std::string& why, Tally& tally) {
  const Ended status = status_of(trial);
  CHECK(status.code == 0);
  CHECK_THAT(status.out, Catch::Contains(told));
  const Ended next = run(trial.sync());
  INFO(next.err);
  CHECK(next.code == 0);
  expect_full_import(trial, why);
  CHECK(trial.as_twin());
  CHECK_THAT(status_of(trial).out, !Catch::Contains("state file"));
  tally.survived();
  judge(trial, next, tally);
}

/// Does something once, when the n-th request has come in.
class AtRequest {
 public:
  AtRequest(Trial& trial, std::size_t nth, std::function<void()> act)
      : simulator_(trial.simulator()), nth_(nth), act_(std::move(act)) {
    simulator_.set_request_watch([this](RequestStage at) {
      if (at == RequestStage::arrived && count_++ == nth_) act_();
      return true;
    });
  }
  ~AtRequest() { simulator_.set_request_watch({}); }
  AtRequest(const AtRequest&) = delete;
  AtRequest& operator=(const AtRequest&) = delete;

  bool done() const { return count_ > nth_; }

 private:
  simulator::Simulator& simulator_;
  std::size_t nth_;
  std::atomic<std::size_t> count_ = 0;
  std::function<void()> act_;
};

/// A run that is killed when its n-th request has come in.
void kill_at(Trial& trial, std::size_t nth) {
  std::atomic<pid_t> pid = 0;
  AtRequest kill_it(trial, nth, [&] {
    pid.wait(0);
    ::kill(pid, SIGKILL);
  });
  Child child(trial.sync());
  pid = child.id();
  pid.notify_all();
  REQUIRE(child.wait().signal == SIGKILL);
}

std::size_t requests_of_a_run() {
  static const std::size_t count = [] {
    Trial trial(Moment::incremental);
    trial.simulator().clear_requests();
    REQUIRE(run(trial.sync()).code == 0);
    return trial.simulator().requests().size();
  }();
  return count;
}

std::string quoted(const std::string& name) { return '"' + name + '"'; }

/// A view of the same columns that shows nothing.
std::string empty_view(const fs::path& file, const std::string& name) {
  std::string columns;
  for (const auto& row : with_shell(file, "SELECT name FROM pragma_table_info('" + name + "')"))
    columns += (columns.empty() ? "NULL AS " : ", NULL AS ") + quoted(row[0]);
  return "CREATE VIEW " + name + " AS SELECT " + columns + " WHERE false";
}

}  // namespace

TEST_CASE("a view or index that was dropped or replaced is made anew before it is used") {
  Tally tally("state file: views, indexes");
  const char* all =
      "SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'index') AND sql IS NOT NULL "
      "ORDER BY type, name";
  const Rows objects = with_shell(Trial(Moment::incremental).state(), all);
  for (const std::size_t point : points(2 * objects.size(), 6)) {
    tally.begin_point();
    Trial trial(Moment::incremental);
    const std::string type = objects[point / 2][0];
    const std::string name = objects[point / 2][1];
    INFO("point " << point << ", " << type << " " << name);
    const std::string right = with_shell(
        trial.state(), "SELECT sql FROM sqlite_schema WHERE name = '" + name + "'")[0][0];
    std::string sql = "DROP " + type + " " + name + ";";
    if (point % 2 == 1)
      sql += type == "view" ? empty_view(trial.state(), name)
                            : "CREATE INDEX " + name + " ON run (outcome)";
    with_shell(trial.state(), sql);
    expect_healed(trial, name + " is missing or has been replaced", kAltered, tally);
    CHECK(with_shell(trial.state(),
                     "SELECT sql FROM sqlite_schema WHERE name = '" + name + "'")[0][0] == right);
  }
}

TEST_CASE("a trigger of somebody else is refused by name and goes no further") {
  Tally tally("state file: triggers");
  const Rows tables = with_shell(
      Trial(Moment::incremental).state(),
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1");
  for (const std::size_t point : points(tables.size(), 3)) {
    tally.begin_point();
    Trial trial(Moment::incremental);
    const std::string& table = tables[point][0];
    INFO("point " << point << ", on " << table);
    with_shell(trial.state(),
               "CREATE TRIGGER spy AFTER INSERT ON " + table + " BEGIN DELETE FROM claim; END");
    trial.simulator().clear_requests();
    CHECK_THAT(status_of(trial).out, Catch::Contains("trigger spy"));
    for (int times = 0; times < 2; ++times) {
      const Ended refused = run(trial.sync());
      CHECK(refused.code == 2);
      CHECK_THAT(refused.err, Catch::Contains("trigger") && Catch::Contains("spy"));
    }
    CHECK(trial.simulator().requests().empty());
    with_shell(trial.state(), "DROP TRIGGER spy");
    expect_healed(trial, kAltered, kAltered, tally);
  }
}

TEST_CASE("a table that was dropped or changed is damage, at every run until it is mended") {
  Tally tally("state file: tables");
  const Rows tables = with_shell(
      Trial(Moment::incremental).state(),
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1");
  for (const std::size_t point : points(2 * tables.size(), 4)) {
    tally.begin_point();
    Trial trial(Moment::incremental);
    const std::string& table = tables[point / 2][0];
    INFO("point " << point << ", " << table);
    with_shell(trial.state(),
               "PRAGMA foreign_keys = OFF;" +
                   (point % 2 == 0 ? "DROP TABLE " + table
                                   : "ALTER TABLE " + table + " ADD COLUMN spy TEXT"));
    trial.simulator().clear_requests();
    for (int times = 0; times < 2; ++times) {
      const Ended refused = run(trial.sync());
      CHECK(refused.code == 1);
      CHECK_THAT(refused.err, Catch::Contains("damaged") && Catch::Contains(table));
      CHECK(wrong_with(refused) == "");
    }
    CHECK(trial.writes().empty());
    tally.survived();
    for (const char* name : {"state.db", "state.db-wal", "state.db-shm"})
      fs::remove(trial.folder() / name);
    judge(trial, run(trial.sync()), tally);
  }
}

TEST_CASE("tables and views of other names are left alone, an index on ours is dropped") {
  Tally tally("state file: added objects");
  tally.begin_point();
  Trial trial(Moment::incremental);
  with_shell(trial.state(),
             "CREATE TABLE notes (x); CREATE VIEW my_view AS SELECT 1 AS one;"
             "CREATE INDEX my_index ON notes (x); CREATE INDEX only_one ON claim (run_id)");
  expect_healed(trial, kAltered, kAltered, tally);
  CHECK(with_shell(trial.state(),
                   "SELECT name FROM sqlite_schema WHERE name IN "
                   "('notes', 'my_view', 'my_index', 'only_one') ORDER BY 1") ==
        Rows{{"my_index"}, {"my_view"}, {"notes"}});
}

TEST_CASE("what another program writes while a run is at work is noticed at its end") {
  Tally tally("state file: written to meanwhile");
  for (const std::size_t point : points(requests_of_a_run(), 4)) {
    tally.begin_point();
    INFO("point " << point);
    Trial trial(Moment::incremental);
    AtRequest write(trial, point,
                    [&] { with_shell(trial.state(), "DELETE FROM claim WHERE edge_id % 3 = 0"); });
    Command command = trial.sync();
    command.words.insert(command.words.end(), {"--format", "json"});
    const Ended disturbed = run(command);
    REQUIRE(write.done());
    CHECK_THAT(disturbed.out, Catch::Contains("another program wrote to the state file"));
    expect_healed(trial, kAltered, kAltered, tally);
  }
}

TEST_CASE("a copy that is put over the state file while a run is at work is noticed by every run") {
  Tally tally("state file: replaced meanwhile");
  const std::size_t count = requests_of_a_run();
  for (const std::size_t point : points(2 * count, 4)) {
    tally.begin_point();
    INFO("point " << point);
    Trial trial(Moment::incremental);
    const fs::path copy = trial.folder() / "copy.db";
    with_shell(trial.state(), "VACUUM INTO '" + copy.string() + "'");
    AtRequest replace(trial, point / 2, [&] {
      if (point % 2 == 0)
        fs::copy_file(copy, trial.state(), fs::copy_options::overwrite_existing);
      else
        fs::rename(copy, trial.state());
    });
    const Ended disturbed = run(trial.sync());
    REQUIRE(replace.done());
    CHECK(wrong_with(disturbed) == "");
    const Ended status = status_of(trial);
    CHECK(status.code == 0);
    CHECK_THAT(status.out, Catch::Contains("state file"));
    const Ended next = run(trial.sync());
    INFO(disturbed.err << "\n" << next.err);
    CHECK(next.code == 0);
    CHECK(trial.as_twin());
    tally.survived();
    judge(trial, next, tally);
  }
}

TEST_CASE("a killed run whose log was deleted leads to a full import") {
  Tally tally("state file: log deleted");
  for (const std::size_t point : points(requests_of_a_run(), 5)) {
    tally.begin_point();
    INFO("point " << point);
    Trial trial(Moment::incremental);
    kill_at(trial, point);
    fs::remove(trial.state().string() + "-wal");
    fs::remove(trial.state().string() + "-shm");
    expect_healed(trial, "a run was killed", "a run was killed", tally);
  }
}

TEST_CASE("a copy restored after a kill is not mixed with the log of the file before") {
  Tally tally("state file: log of another file");
  for (const std::size_t point : points(requests_of_a_run(), 3)) {
    tally.begin_point();
    INFO("point " << point);
    Trial trial(Moment::incremental);
    const fs::path copy = trial.folder() / "copy.db";
    with_shell(trial.state(), "VACUUM INTO '" + copy.string() + "'");
    kill_at(trial, point);
    fs::rename(copy, trial.state());
    const Ended next = run(trial.sync());
    INFO(next.err);
    CHECK(next.code == 0);
    tally.survived();
    judge(trial, next, tally);
  }
}
