// Retention of snapshots, on real files.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "snapshot/retention.h"

namespace fs = std::filesystem;
using namespace defender_car;

namespace {

class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("defender-car-snapshots-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

  void add(const std::string& name, int days_old, std::size_t bytes = 100) const {
    std::ofstream(path_ / name) << std::string(bytes, 'x');
    fs::last_write_time(path_ / name,
                        fs::file_time_type::clock::now() - std::chrono::hours(24) * days_old);
  }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_))
      names.insert(entry.path().filename().string());
    return names;
  }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a snapshot is named after its run so that names sort by age", "[snapshots]") {
  CHECK(snapshot_name(124, "incremental") == "000124-incremental.db");
  CHECK(snapshot_name(1'234'567, "full") == "1234567-full.db");
}

TEST_CASE("what is kept can be replayed: age goes up to the beginning that still serves it",
          "[snapshots]") {
  const Folder folder;
  folder.add("000001-full.db", 40);
  folder.add("000002-incremental.db", 30);
  folder.add("000002-checkpoint.db", 30);
  folder.add("000003-incremental.db", 20);
  folder.add("000003-checkpoint.db", 20);
  folder.add("000004-incremental.db", 15);
  folder.add("000005-incremental.db", 3);
  folder.add("000005-checkpoint.db", 3);
  folder.add("000006-incremental.db", 0);
  prune_snapshots(folder.path(), {14, 1 << 20});
  CHECK(folder.names() == std::set<std::string>{"000005-incremental.db", "000005-checkpoint.db",
                                                "000006-incremental.db"});
}

TEST_CASE("no checkpoint serves what is kept: it keeps its beginning past the limit",
          "[snapshots]") {
  const Folder folder;
  folder.add("000001-full.db", 20);
  folder.add("000002-incremental.db", 15);
  folder.add("000003-incremental.db", 3);
  prune_snapshots(folder.path(), {14, 1 << 20});
  CHECK(folder.names().size() == 3);
  CHECK(checkpoint_due(kept_files(folder.path()), {14, 1 << 20}, 1000));
  folder.add("000003-checkpoint.db", 0);
  CHECK_FALSE(checkpoint_due(kept_files(folder.path()), {14, 1 << 20}, 1000));
  folder.add("000004-incremental.db", 0);
  prune_snapshots(folder.path(), {14, 1 << 20});
  CHECK(folder.names() == std::set<std::string>{"000003-incremental.db", "000003-checkpoint.db",
                                                "000004-incremental.db"});
}

TEST_CASE("without any beginning, and by wish, the limits alone count", "[snapshots]") {
  const Folder folder;
  folder.add("000002-incremental.db", 15);
  folder.add("000003-incremental.db", 3);
  prune_snapshots(folder.path(), {14, 1 << 20});
  CHECK(folder.names() == std::set<std::string>{"000003-incremental.db"});
  folder.add("000001-full.db", 2);
  prune_snapshots(folder.path(), {0, 1 << 20});
  CHECK(folder.names() == std::set<std::string>{"000003-incremental.db"});
}

TEST_CASE("where room is short the chain begins later", "[snapshots]") {
  const Folder folder;
  folder.add("000001-full.db", 0, 1000);
  for (int run = 2; run <= 5; ++run) folder.add(snapshot_name(run, "incremental"), 0, 1000);
  folder.add("000004-checkpoint.db", 0, 500);
  CHECK(checkpoint_due(kept_files(folder.path()), {14, 1'900}, 900));
  CHECK_FALSE(checkpoint_due(kept_files(folder.path()), {14, 1'900}, 1'000));
  prune_snapshots(folder.path(), {14, 2'400});
  CHECK(folder.names() == std::set<std::string>{"000004-checkpoint.db", "000005-incremental.db"});
  prune_snapshots(folder.path(), {14, 1});
  CHECK(folder.names() == std::set<std::string>{"000005-incremental.db"});
}

TEST_CASE("what a killed run or a full disk left unfinished goes", "[snapshots]") {
  const Folder folder;
  for (const char* name : {"000001-full.db", "000002-checkpoint.db.new",
                           "000002-incremental.db.gz.new", "000002-incremental.db.new.txt"})
    folder.add(name, 0);
  prune_snapshots(folder.path(), {14, 1'000'000});
  CHECK(folder.names() == std::set<std::string>{"000001-full.db", "000002-incremental.db.new.txt"});
}

TEST_CASE("files that are no snapshots are left alone", "[snapshots]") {
  const Folder folder;
  folder.add("notes.txt", 400);
  folder.add("000001-full.db.bak", 400);
  folder.add("000009-full.db.gz", 0);
  prune_snapshots(folder.path(), {14, 1});
  CHECK(folder.names() ==
        std::set<std::string>{"notes.txt", "000001-full.db.bak", "000009-full.db.gz"});
}
