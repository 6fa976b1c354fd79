// This machine misbehaves: no room, no right to write, no memory, no descriptors. The program runs
// as a process of its own; see trial.h for what is held against it.

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>

#include "trial.h"

using namespace sweep;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534;

Moment moment_of(std::size_t point) { return point % 2 == 0 ? Moment::full : Moment::incremental; }

/// The size of the largest file that undisturbed runs leave.
rlim_t largest_file() {
  Trial trial(Moment::incremental);
  rlim_t largest = 0;
  for (const auto& entry : fs::recursive_directory_iterator(trial.folder()))
    if (entry.is_regular_file()) largest = std::max<rlim_t>(largest, entry.file_size());
  return largest;
}

/// One trouble in the way of one run, for each of the points.
void sweep_limit(const std::string& name, const std::vector<std::size_t>& points, int limit,
                 const std::function<rlim_t(std::size_t)>& size) {
  Tally tally(name);
  for (const std::size_t point : points) {
    tally.begin_point();
    Trial trial(moment_of(point));
    Command command = trial.sync();
    command.limits[limit] = size(point);
    INFO("point " << point << ", limit " << size(point));
    judge(trial, run(command), tally);
  }
  CHECK(tally.faults_survived() > 0);
}

/// Small file systems of our own, that go with this process; false where that is not permitted.
bool can_mount() {
  static const bool can = ::unshare(CLONE_NEWNS) == 0 &&
                          ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  if (!can) WARN("skipped: this process may not mount a file system");
  return can;
}

/// A folder that lies on a file system of so many bytes.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, std::size_t bytes) : folder_(folder) { resize(bytes, 0); }
  ~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  void resize(std::size_t bytes, unsigned long flags = MS_REMOUNT) {
    const std::string size = "size=" + std::to_string(bytes);
    REQUIRE(::mount("tmpfs", folder_.c_str(), "tmpfs", flags, size.c_str()) == 0);
  }

 private:
  fs::path folder_;
};

/// Root writes wherever it likes: the program is run as somebody who may not.
Command as_nobody(const Trial& trial) {
  Command command = trial.sync();
  if (::geteuid() == 0) command.user = kNobody;
  return command;
}

/// Somebody else can reach the program and this test's folders at all.
bool nobody_can_start(const Trial& trial) {
  Command command = as_nobody(trial);
  command.words = {command.words[0], "--version"};
  if (run(command).code == 0) return true;
  WARN("skipped: another user cannot start the program where it lies");
  return false;
}

void give_to_nobody(const fs::path& folder) {
  if (::geteuid() != 0) return;
  REQUIRE(::chown(folder.c_str(), kNobody, kNobody) == 0);
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    REQUIRE(::chown(entry.path().c_str(), kNobody, kNobody) == 0);
}

}  // namespace

TEST_CASE("no file may grow beyond a limit") {
  constexpr rlim_t step = 8171;  // no multiple of a page: it strikes within one, too
  const auto count = static_cast<std::size_t>(2 * largest_file() / step);
  sweep_limit("machine: file size limit", points(count, 8), RLIMIT_FSIZE,
              [](std::size_t point) { return point * step; });
}

#ifndef DEFENDER_CAR_SANITIZE  // which needs descriptors of its own to look at an object's type
TEST_CASE("few descriptors") {
  sweep_limit("machine: descriptors", points(20, 4), RLIMIT_NOFILE,
              [](std::size_t point) { return 4 + point; });
}
#endif

#ifndef DEFENDER_CAR_SANITIZE  // whose shadow alone needs terabytes of addresses
TEST_CASE("little memory") {
  Tally tally("machine: memory");
  for (const std::size_t point : points(120, 8)) {
    const rlim_t limit = (25U << 20) + (point << 16);
    Trial trial(moment_of(point));
    // With less than this the libraries do not come up, or cannot throw; that is not ours.
    Command probe = trial.sync();
    probe.words = {probe.words[0], "no-such-command"};
    probe.limits[RLIMIT_AS] = limit - (2U << 20);
    if (run(probe).code != 2) continue;
    tally.begin_point();
    INFO("point " << point << ", limit " << limit);
    Command command = trial.sync();
    command.limits[RLIMIT_AS] = limit;
    judge(trial, run(command), tally);
  }
  CHECK(tally.tried() > 0);
}
#endif

TEST_CASE("the disk is full") {
  if (!can_mount()) return;
  Tally tally("machine: disk full");
  constexpr std::size_t step = 32 << 10;
  for (const std::size_t point : points(80, 5)) {
    tally.begin_point();
    INFO("point " << point << ", disk of " << point * step);
    Trial trial(Moment::full);
    SmallDisk disk(trial.folder(), (point + 1) * step);
    const Ended first = run(trial.sync());
    disk.resize(16 << 20);
    judge(trial, first, tally);
  }
  CHECK(tally.faults_survived() > 0);
}

TEST_CASE("the disk becomes full between two runs") {
  if (!can_mount()) return;
  Tally tally("machine: disk full later");
  constexpr std::size_t step = 16 << 10;
  for (const std::size_t point : points(60, 3)) {
    tally.begin_point();
    INFO("point " << point << ", " << point * step << " bytes left");
    std::unique_ptr<SmallDisk> disk;
    Trial trial(Moment::incremental, [&](const fs::path& folder) {
      disk = std::make_unique<SmallDisk>(folder, 16 << 20);
    });
    const fs::space_info space = fs::space(trial.folder());
    disk->resize(space.capacity - space.free + point * step);
    const Ended second = run(trial.sync());
    disk->resize(16 << 20);
    judge(trial, second, tally);
  }
  CHECK(tally.faults_survived() > 0);
}

TEST_CASE("no room for temporary files") {
  if (!can_mount()) return;
  Tally tally("machine: no temporary room");
  Trial trial(Moment::full);
  const e2e::TemporaryFolder temporary;
  const SmallDisk disk(temporary.path(), 4096);
  Command command = trial.sync();
  command.environment["TMPDIR"] = temporary.path();
  tally.begin_point();
  judge(trial, run(command), tally);
}

TEST_CASE("no folder is made and a file of that name is told") {
  Tally tally("machine: folders");
  for (const bool file : {false, true}) {
    tally.begin_point();
    Trial trial(Moment::full);
    Command command = trial.sync();
    const fs::path other = trial.folder() / "a" / "b" / "c";
    command.words[3] = other;
    if (file) {
      fs::create_directories(other.parent_path());
      fs::copy("/etc/hostname", other);
    }
    const Ended ended = run(command);
    CHECK(ended.code == (file ? 1 : 0));
    if (file) judge(trial, ended, tally);
  }
}

TEST_CASE("a folder without the right to write is told and nothing is sent") {
  Tally tally("machine: no right to write");
  for (const mode_t mode : {0500U, 0000U}) {
    tally.begin_point();
    Trial trial(Moment::incremental);
    if (!nobody_can_start(trial)) return;
    give_to_nobody(trial.folder());
    trial.simulator().clear_requests();
    REQUIRE(::chmod(trial.folder().c_str(), mode) == 0);
    const Ended ended = run(as_nobody(trial));
    REQUIRE(::chmod(trial.folder().c_str(), 0700) == 0);
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, Catch::Contains(trial.folder().string()));
    CHECK(trial.writes().empty());
    judge(trial, ended, tally);
  }
}

TEST_CASE("a state file without the right to write is told and nothing is sent") {
  Tally tally("machine: read-only state");
  tally.begin_point();
  Trial trial(Moment::incremental);
  if (!nobody_can_start(trial)) return;
  give_to_nobody(trial.folder());
  REQUIRE(::chmod(trial.state().c_str(), 0400) == 0);
  trial.simulator().clear_requests();
  const Ended ended = run(as_nobody(trial));
  CHECK(ended.code == 1);
  CHECK_THAT(ended.err, Catch::Contains(trial.state().string()));
  CHECK(trial.writes().empty());
  REQUIRE(::chmod(trial.state().c_str(), 0600) == 0);
  judge(trial, ended, tally);
}

TEST_CASE("the snapshots are gone or cannot be kept") {
  Tally tally("machine: snapshots");
  for (const bool gone : {true, false}) {
    tally.begin_point();
    Trial trial(Moment::incremental);
    if (!gone && !nobody_can_start(trial)) return;
    give_to_nobody(trial.folder());
    const fs::path snapshots = trial.folder() / "snapshots";
    if (gone) {
      fs::remove_all(snapshots);
    } else {
      REQUIRE(::chmod(snapshots.c_str(), 0500) == 0);
    }
    const Ended ended = run(gone ? trial.sync() : as_nobody(trial));
    CHECK(ended.code == 0);
    REQUIRE(::chmod(snapshots.c_str(), 0700) == 0);
    judge(trial, ended, tally);
  }
}
