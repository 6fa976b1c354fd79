#pragma once
// The folder of what past runs left: 000124-incremental.db, the stage of a run, and
// 000124-checkpoint.db, a copy of the state as that run left it. Either may be compressed (.gz).
//
// Retention never takes a chain its beginning: what is kept can be replayed from a checkpoint, or
// from the full import that began it, as long as the limits leave room for one.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "run/settings.h"
#include "store/database.h"

namespace defender_car {

/// The name of a run's snapshot; mode: full, incremental, checkpoint.
std::string snapshot_name(std::int64_t run_id, const std::string& mode);

struct KeptFile {
  std::filesystem::path path;
  std::int64_t run_id = 0;
  std::string mode;  ///< full, incremental, checkpoint
  std::filesystem::file_time_type written;
  std::int64_t bytes = 0;
};

/// What is kept, in the order of a replay: by run, a checkpoint after the snapshot of its run.
/// Files of other names are left out.
std::vector<KeptFile> kept_files(const std::filesystem::path& folder);

struct Retention {
  int keep_days = 14;
  std::int64_t keep_bytes = 0;
  std::optional<EpochMs> now = system_now();  ///< nothing: no clock is believed, nothing is too old
};

/// Whether the range since the last beginning has become so long that a new checkpoint is due:
/// half of a limit. Never where the state alone would fill half of the room.
bool checkpoint_due(const std::vector<KeptFile>& files, const Retention& limits,
                    std::int64_t state_bytes);

/// What is older than the limits, up to the newest beginning that leaves all within them
/// replayable; for the sake of space further. The newest snapshot stays.
std::vector<KeptFile> prunable_snapshots(const std::filesystem::path& folder,
                                         const Retention& limits);

/// Removes those, and what was left unfinished, and says which. For the one who holds the lock.
/// Never throws for a file that cannot be removed: the next run tries again.
std::vector<KeptFile> prune_snapshots(const std::filesystem::path& folder, const Retention& limits);

/// The limits between two runs, by the clock of the last one: this machine's own may be wrong, and
/// nobody else's is asked.
Retention retention_of(const SyncSettings& settings);

/// Writes what the attached `stage` of an incremental run told that was new into a new file
/// (schema/phase/70_keep.sql); it is on the disk when this returns. After derive, before the stage
/// is detached. Throws Error(internal).
void write_pruned(Database& state, const std::filesystem::path& file);

/// Renames a finished file of its own folder, compressed where that is wanted. `written`: its age
/// counts from there; nothing: from when this machine wrote it. Throws Error(internal).
void put_in_place(const std::filesystem::path& unfinished, const std::filesystem::path& file,
                  bool compress, const std::optional<EpochMs>& written);

/// Copies the state, by VACUUM INTO; `written` as above. Throws Error(internal).
void write_checkpoint(Database& state, const std::filesystem::path& folder, bool compress,
                      const std::optional<EpochMs>& written);

/// Of the history: runs beyond --keep-runs, their ledger, records set aside that have not come
/// since.
void prune_history(Database& state, int keep_runs, EpochMs now);

/// At the end of a run: checkpoint where one is due, then both kinds of pruning. `now`: nothing
/// where no clock is believed; then nothing goes for its age. Throws Error(internal).
void keep_within_limits(Database& state, const SyncSettings& settings,
                        const std::optional<EpochMs>& now);

}  // namespace defender_car
