#pragma once
// The stage files of past runs: snapshots/000124-incremental.db. Kept by age and space.

#include <cstdint>
#include <filesystem>
#include <string>

namespace defender_car {

/// The name of a run's snapshot.
std::string snapshot_name(std::int64_t run_id, const std::string& mode);

/// Removes snapshots older than `keep_days`, then the oldest ones until all take at most
/// `keep_bytes`; the newest one stays. Files that are no snapshots are left alone. Never throws for
/// a file that cannot be removed: the next run tries again.
void prune_snapshots(const std::filesystem::path& folder, int keep_days, std::int64_t keep_bytes);

}  // namespace defender_car
