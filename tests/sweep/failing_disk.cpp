#include "failing_disk.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <new>
#include <random>

#include "unsynced.h"

namespace sweep {
namespace {

constexpr std::int64_t page = 4096;

// A VFS is a table of C functions: what they share lives here.
struct Disk {
  sqlite3_vfs* system = nullptr;
  DiskPlan plan;
  std::size_t changes = 0;
  UnsyncedFolder folder;
};
Disk& disk() {
  static Disk the_one;
  return the_one;
}

/// SQLite's view of an open file of ours; the system's own follows it in memory.
struct File {
  sqlite3_file base;
  sqlite3_io_methods methods;
  UnsyncedFile* unsynced;  // null: a temporary file, gone with its connection
  bool folder_due;         // the system's VFS syncs a new journal's folder together with it
};
File& ours(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* systems(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
}

[[noreturn]] void end() {
  if (disk().plan.end == DiskPlan::End::power_cut) {
    std::mt19937_64 random(disk().plan.seed);
    disk().folder.cut(random);
  }
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

/// Counts a change; true when it is the last one.
bool is_last() {
  return disk().changes++ == disk().plan.nth && disk().plan.end != DiskPlan::End::none;
}
bool is_kill() { return disk().plan.end == DiskPlan::End::kill; }

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  sqlite3_file* inner = systems(file);
  if (ours(file).unsynced == nullptr) return inner->pMethods->xWrite(inner, data, size, offset);
  const bool last = is_last();
  ours(file).unsynced->write(offset, data, static_cast<std::size_t>(size));
  if (last && is_kill()) {
    const std::int64_t whole_pages = (offset + size) / page * page - offset;
    if (whole_pages > 0 && whole_pages < size)
      inner->pMethods->xWrite(inner, data, static_cast<int>(whole_pages), offset);
  }
  if (last) end();
  return inner->pMethods->xWrite(inner, data, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (ours(file).unsynced != nullptr) {
    const bool last = is_last();
    ours(file).unsynced->truncate(size);
    if (last) end();
  }
  sqlite3_file* inner = systems(file);
  return inner->pMethods->xTruncate(inner, size);
}

int sync(sqlite3_file* file, int flags) {
  if (ours(file).unsynced != nullptr) {
    if (is_last()) end();
    ours(file).unsynced->sync();
    if (ours(file).folder_due) disk().folder.sync();
    ours(file).folder_due = false;
  }
  sqlite3_file* inner = systems(file);
  return inner->pMethods->xSync(inner, flags);
}

template <auto Method, typename... Arguments>
auto pass(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* inner = systems(file);
  return (inner->pMethods->*Method)(inner, arguments...);
}

/// The methods of that very file, which are not those of the next one.
sqlite3_io_methods methods_around(const sqlite3_io_methods& inner) {
  using M = sqlite3_io_methods;
  M out{};
  out.iVersion = inner.iVersion;
  out.xClose = pass<&M::xClose>;
  out.xRead = pass<&M::xRead>;
  out.xWrite = write;
  out.xTruncate = truncate;
  out.xSync = sync;
  out.xFileSize = pass<&M::xFileSize>;
  out.xLock = pass<&M::xLock>;
  out.xUnlock = pass<&M::xUnlock>;
  out.xCheckReservedLock = pass<&M::xCheckReservedLock>;
  out.xFileControl = pass<&M::xFileControl>;
  out.xSectorSize = pass<&M::xSectorSize>;
  out.xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>;
  out.xShmMap = pass<&M::xShmMap>;
  out.xShmLock = pass<&M::xShmLock>;
  out.xShmBarrier = pass<&M::xShmBarrier>;
  out.xShmUnmap = pass<&M::xShmUnmap>;
  out.xFetch = pass<&M::xFetch>;
  out.xUnfetch = pass<&M::xUnfetch>;
  return out;
}

/// Not there, or empty: then it was made a moment ago by whoever wanted it private.
bool is_new(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error || size == 0;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  constexpr int journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  constexpr int lasting = SQLITE_OPEN_MAIN_DB | journals;
  new (file) File{};
  const bool made = name != nullptr && is_new(name);
  sqlite3_vfs* system = disk().system;
  const int result = system->xOpen(system, name, systems(file), flags, out_flags);
  if (systems(file)->pMethods == nullptr) return result;
  ours(file).methods = methods_around(*systems(file)->pMethods);
  file->pMethods = &ours(file).methods;
  if (result != SQLITE_OK || name == nullptr || (flags & lasting) == 0) return result;
  ours(file).unsynced = &disk().folder.open(name, made);
  ours(file).folder_due = made && (flags & journals) != 0;
  return result;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
  const bool last = is_last();
  if (last && is_kill()) end();
  sqlite3_vfs* system = disk().system;
  const int result = system->xDelete(system, name, sync_folder);
  if (result == SQLITE_OK) disk().folder.remove(name);
  if (last) end();
  if (result == SQLITE_OK && sync_folder != 0) disk().folder.sync();
  return result;
}

}  // namespace

void register_failing_disk(const DiskPlan& plan) {
  disk().plan = plan;
  disk().system = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs vfs = *disk().system;
  vfs.zName = failing_disk;
  vfs.pNext = nullptr;
  vfs.szOsFile += static_cast<int>(sizeof(File));
  vfs.xOpen = open;
  vfs.xDelete = remove;
  sqlite3_vfs_register(&vfs, 0);
}

std::size_t disk_changes() { return disk().changes; }

}  // namespace sweep
