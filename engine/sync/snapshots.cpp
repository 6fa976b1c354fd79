#include "sync/snapshots.h"

#include <algorithm>
#include <chrono>
#include <regex>
#include <vector>

namespace defender_car {
namespace fs = std::filesystem;
namespace {

struct Snapshot {
  fs::path path;
  fs::file_time_type written;
  std::int64_t bytes;
};

std::vector<Snapshot> newest_first(const fs::path& folder) {
  static const std::regex name_form("[0-9]{6,}-(full|incremental)\\.db");
  std::vector<Snapshot> snapshots;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!std::regex_match(entry.path().filename().string(), name_form)) continue;
    snapshots.push_back({entry.path(), entry.last_write_time(error),
                         static_cast<std::int64_t>(entry.file_size(error))});
  }
  std::sort(snapshots.begin(), snapshots.end(), [](const Snapshot& a, const Snapshot& b) {
    return a.path.filename() > b.path.filename();
  });
  return snapshots;
}

}  // namespace

std::string snapshot_name(std::int64_t run_id, const std::string& mode) {
  const std::string digits = std::to_string(run_id);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + "-" + mode + ".db";
}

void prune_snapshots(const fs::path& folder, int keep_days, std::int64_t keep_bytes) {
  std::error_code error;
  const auto oldest = fs::file_time_type::clock::now() - std::chrono::hours(24) * keep_days;
  std::int64_t kept = 0;
  bool newest = true;
  for (const Snapshot& snapshot : newest_first(folder)) {
    kept += snapshot.bytes;
    if (!newest && (snapshot.written < oldest || kept > keep_bytes)) {
      kept -= snapshot.bytes;
      fs::remove(snapshot.path, error);
    }
    newest = false;
  }
}

}  // namespace defender_car
