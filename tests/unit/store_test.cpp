// The store against real SQLite files: what schema/ and migrations/ promise, and the wrapper's own
// promises.

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "http/http_client.h"
#include "store/database.h"
#include "store/lock.h"
#include "store/migrator.h"
#include "store/sql_files.h"

namespace fs = std::filesystem;
using namespace defender_car;

namespace {

class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() / ("defender-car-store-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string file_text(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::usage;
}

}  // namespace

TEST_CASE("the SQL that is built in is the SQL in the folders byte for byte", "[store]") {
  std::size_t on_disk = 0;
  for (const char* folder : {"schema", "migrations"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(PROJECT_ROOT) / folder)) {
      on_disk += entry.path().extension() == ".sql" ? 1 : 0;
    }
  }
  CHECK(sql_files().size() == on_disk);
  for (const SqlFile& file : sql_files()) {
    CHECK(file.text == file_text(fs::path(PROJECT_ROOT) / file.path));
  }
}

TEST_CASE("a fresh state file has the newest shape and a second migration changes nothing",
          "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  CHECK(migrate(database));
  CHECK(database.number("migrate/version") == 12);
  CHECK_FALSE(migrate(database));
}

TEST_CASE("a state file of a newer program is refused and left as it was", "[store]") {
  Folder folder;
  {
    Database database(folder / "state.db", OpenMode::create);
    migrate(database);
    database.exec("PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const std::string before = file_text(folder / "state.db");
  {
    Database database(folder / "state.db", OpenMode::create);
    CHECK(kind_of([&] { migrate(database); }) == ErrorKind::usage);
  }
  CHECK(file_text(folder / "state.db") == before);
}

TEST_CASE("a migration that fails leaves the file as it was with its views", "[store]") {
  Folder folder;
  {
    Database database(folder / "state.db", OpenMode::create);
    migrate(database);
    // What 0001 makes is there already, so that it fails after the views were dropped.
    database.exec("PRAGMA user_version = 0; PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const std::string before = file_text(folder / "state.db");
  {
    Database database(folder / "state.db", OpenMode::create);
    CHECK(kind_of([&] { migrate(database); }) == ErrorKind::internal);
  }
  const bool as_before = file_text(folder / "state.db") == before;
  CHECK(as_before);
}

TEST_CASE("a changed text of the rebuildable part asks for a new derivation", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  migrate(database);
  database.exec(
      "UPDATE setting SET value = '1' WHERE name = 'derivation'; DROP VIEW audit_machine");
  CHECK(migrate(database));
  CHECK_NOTHROW(database.exec("SELECT * FROM audit_machine"));
}

TEST_CASE("every view and every trigger-free table can be read by SQL alone", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  migrate(database);
  for (const std::string& view : database.statement("migrate/views").texts()) {
    INFO(view);
    CHECK_NOTHROW(database.exec("SELECT * FROM \"" + view + "\""));
  }
}

TEST_CASE("room that a run does not need any longer is given back at its end", "[store]") {
  Folder folder;
  const fs::path file = folder / "state.db";
  const auto grow = [](Database& database) {
    database.exec(
        "CREATE TABLE filling (x BLOB) STRICT; INSERT INTO filling "
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000) "
        "SELECT zeroblob(2000) FROM n; DROP TABLE filling");
  };
  SECTION("of a new file") {
    Database database(file, OpenMode::create);
    migrate(database);
    database.run_script("schema/connection_end.sql");
    const auto before = fs::file_size(file);
    grow(database);
    database.run_script("schema/connection_end.sql");
    CHECK(fs::file_size(file) < before + 200'000);
  }
  SECTION("of one that an older program made") {
    {
      Database database(file, OpenMode::create);
      migrate(database);
      database.exec(
          "PRAGMA auto_vacuum = NONE; VACUUM; UPDATE setting SET value = '1' WHERE name = "
          "'derivation'");
      REQUIRE(database.number("migrate/gives_space_back") == 0);
    }
    Database database(file, OpenMode::create);
    migrate(database);
    CHECK(database.number("migrate/gives_space_back") == 1);
  }
}

TEST_CASE("a parameter that was never bound is an error that names the statement", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  migrate(database);
  Statement& query = database.statement("run/set").bind("name", "x");
  CHECK_THROWS_WITH(query.run(), Catch::Contains("run/set") && Catch::Contains("never bound"));
}

TEST_CASE("a column is read by its name and a wrong name is an error", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  migrate(database);
  database.exec("INSERT INTO run (run_id, started_at) VALUES (7, '2026-01-01T00:00:00.000Z')");
  Statement& run = database.statement("history/runs").bind("limit", 1);
  REQUIRE(run.step());
  CHECK(run.integer("run_id") == 7);
  CHECK(run.text("started_at") == "2026-01-01T00:00:00.000Z");
  CHECK(run.is_null("finished_at"));
  CHECK(run.text("finished_at").empty());
  CHECK(kind_of([&] { run.text("nothing"); }) == ErrorKind::internal);
  run.reset();
}

TEST_CASE("integers keep 64 bits and texts keep NULs", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  migrate(database);
  const std::string value("a\0b", 3);
  database.statement("run/set").bind("name", "x").bind("value", value).run();
  Statement& query = database.statement("run/setting").bind("name", "x");
  REQUIRE(query.step());
  CHECK(query.text(0) == value);
  query.reset();
  database.exec("UPDATE setting SET value = '5000000000' WHERE name = 'derivation'");
  CHECK(database.number("migrate/fingerprint") == 5'000'000'000);
}

TEST_CASE("a transaction that is left without commit leaves nothing", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  migrate(database);
  {
    Transaction transaction(database);
    database.statement("run/set").bind("name", "x").bind("value", "y").run();
  }
  CHECK_FALSE(database.statement("run/setting").bind("name", "x").step());
}

TEST_CASE("no request is sent inside a transaction", "[store]") {
  Folder folder;
  Database database(folder / "state.db", OpenMode::create);
  SilentProgress progress;
  HttpOptions options;
  options.retry.max_tries = 1;
  HttpClient http(options, progress);
  HttpRequest request;
  request.url = "http://127.0.0.1:1/";  // where nobody listens
  {
    Transaction transaction(database);
    CHECK_THROWS_WITH(http.send(request), Catch::Contains("inside a transaction"));
    CHECK(http.requests_sent() == 0);
  }
  CHECK_NOTHROW(http.send(request));
  Transaction transaction(database);
  transaction.commit();
  CHECK_NOTHROW(http.send(request));
  CHECK(http.requests_sent() == 2);
}

TEST_CASE("files are private whatever the umask", "[store]") {
  Folder folder;
  const mode_t before = ::umask(0);
  {
    Database database(folder / "state.db", OpenMode::create);
    migrate(database);
    database.attach(folder / "stage.db", "stage");
    const StateLock lock(folder / "state.lock");
  }
  ::umask(before);
  for (const char* name : {"state.db", "stage.db", "state.lock"}) {
    struct stat status {};
    REQUIRE(::stat((folder / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a held lock names its holder and ends with it", "[store]") {
  Folder folder;
  {
    const StateLock lock(folder / "state.lock");
    CHECK_THAT(lock_holder(folder / "state.lock"),
               Catch::Contains("process " + std::to_string(::getpid())));
    CHECK(kind_of([&] { StateLock second(folder / "state.lock"); }) == ErrorKind::locked);
  }
  CHECK(lock_holder(folder / "state.lock").empty());
  CHECK_NOTHROW(StateLock(folder / "state.lock"));
}

TEST_CASE("a holder that is killed hides neither what it found nor the run that it began",
          "[store]") {
  Folder folder;
  const auto file = folder / "state.lock";
  StateLock(file).leave("as it was");
  { const StateLock killed_early(file); }
  CHECK(lock_note(file).note == "as it was");
  StateLock(file).note_run(7);
  { const StateLock killed_early(file); }
  CHECK(lock_note(file).run == 7);
  CHECK(lock_note(file).note.empty());
  StateLock(file).leave_as_found();
  CHECK(StateLock(file).left().run == 7);
}

TEST_CASE("asking who holds the lock turns no run away", "[store]") {
  const Folder folder;
  const fs::path file = folder / "state.lock";
  std::atomic<bool> done = false;
  std::thread looker([&] {
    while (!done) lock_holder(file);
  });
  int turned_away = 0;
  for (int run = 0; run < 2000; ++run) {
    try {
      const StateLock lock(file);
    } catch (const Error&) {
      ++turned_away;
    }
  }
  done = true;
  looker.join();
  CHECK(turned_away == 0);
}

TEST_CASE("a file is found by whatever name it was made", "[store]") {
  const Folder folder;
  for (const char* const name : {"plain.db", "a?mode=memory.db", "b#c.db", "d%41.db"}) {
    const fs::path file = folder / name;
    Database(file, OpenMode::create).exec("CREATE TABLE there (x)");
    for (const std::string& spelled : {file.string(), "/" + file.string(), "//" + file.string()}) {
      INFO(spelled);
      CHECK_NOTHROW(Database(spelled, OpenMode::read_only).exec("SELECT x FROM there"));
    }
  }
}

TEST_CASE("what is no ordinary file is not opened as one", "[store]") {
  const Folder folder;
  const fs::path file = folder / "state.db";
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK_THROWS_AS(Database(file, OpenMode::read_only), Error);
  CHECK_THROWS_AS(Database(file, OpenMode::create), Error);
  CHECK_THROWS_AS(StateLock(file), Error);
  CHECK(lock_holder(file).empty());
  CHECK(lock_note(file).note.empty());
}
