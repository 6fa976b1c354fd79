// A SQLite VFS under which a process comes to its end at the n-th change of the disk: at the n-th
// xWrite, xTruncate, xSync or xDelete of any file that outlives its connection (main file, WAL,
// stage file, journals). It ends by SIGKILL, and what it leaves on the disk is
//
// - kill: all that was written before; of the last write what lies before a page's border, for
//   Linux cuts a write there. A killed process loses nothing that the kernel has.
// - power cut: of what was written to a file since its last xSync, any part: each sector holds one
//   of the contents that it has had since then, some are torn in the middle of the written bytes
//   (never beyond: SQLite counts on "powersafe overwrite"), the size is one that the file has had.
//   A file made or deleted since the folder was last synced is there or not.
//
// It wraps the system's VFS file by file and calls each through its own sqlite3_io_methods: those
// of a main file and of a WAL are different ones. One connection, one thread; shared memory goes
// past it (SQLite makes that anew after a crash).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sweep {

inline constexpr const char* failing_disk = "failing-disk";

struct DiskPlan {
  enum class End { none, kill, power_cut };
  End end = End::none;
  std::size_t nth = 0;     // counted from 0
  std::uint64_t seed = 0;  // of what survives a power cut
};

/// Once a process, before the first file is opened.
void register_failing_disk(const DiskPlan& plan);
/// How many changes there were so far.
std::size_t disk_changes();

}  // namespace sweep
