#include "snapshot/retention.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <numeric>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/gzip.h"
#include "run/clock.h"
#include "run/state_settings.h"
#include "run/working_dir.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

bool is_checkpoint(const KeptFile& file) { return file.mode == "checkpoint"; }

std::int64_t bytes_from(const std::vector<KeptFile>& files, std::size_t first) {
  return std::accumulate(files.begin() + static_cast<std::ptrdiff_t>(first), files.end(),
                         std::int64_t{0},
                         [](std::int64_t sum, const KeptFile& file) { return sum + file.bytes; });
}

fs::file_time_type file_time(EpochMs at) {
  return std::chrono::file_clock::from_sys(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(at)));
}

bool is_older(const KeptFile& file, const Retention& limits, std::chrono::hours age) {
  return limits.now && file.written < file_time(*limits.now) - age;
}

/// Where replay can begin: a checkpoint, or the full import that opens the chain.
bool is_beginning(const std::vector<KeptFile>& files, std::size_t at) {
  return is_checkpoint(files[at]) || (at == 0 && files[at].mode == "full");
}

/// The first file that the limits would keep; the newest snapshot is always one.
std::size_t first_within(const std::vector<KeptFile>& files, const Retention& limits) {
  std::int64_t bytes = 0;
  std::size_t first = files.size();
  bool newest = true;
  for (std::size_t at = files.size(); at-- > 0;) {
    bytes += files[at].bytes;
    const bool too_old = is_older(files[at], limits, std::chrono::hours(24) * limits.keep_days);
    const bool fits = !too_old && bytes <= limits.keep_bytes;
    if (!fits && !newest) break;
    newest = newest && is_checkpoint(files[at]);
    first = at;
  }
  return first;
}

/// What goes: everything before this one, but for the newest snapshot.
std::size_t first_to_keep(const std::vector<KeptFile>& files, const Retention& limits) {
  const std::size_t within = first_within(files, limits);
  std::size_t keep = within;
  if (limits.keep_days == 0) return keep;
  for (std::size_t at = 0; at < files.size(); ++at) {
    if (is_beginning(files, at) && files[at].run_id <= files[within].run_id)
      keep = std::min(at, within);
  }
  if (bytes_from(files, keep) <= limits.keep_bytes) return keep;
  // Too little room for all that should be kept with its beginning: from the next one on, then.
  for (std::size_t at = within; at < files.size(); ++at) {
    if (is_beginning(files, at)) return at;
  }
  return within;
}

struct Name {
  std::int64_t run_id;
  std::string_view mode;
};

/// 000124-incremental.db, also compressed. By hand: a folder may hold thousands, and std::regex is
/// what a quiet run would feel.
std::optional<Name> read_name(std::string_view name) {
  Name read{};
  const char* end = name.data() + name.size();
  const auto [rest, fault] = std::from_chars(name.data(), end, read.run_id);
  const auto digits = rest - name.data();
  if (fault != std::errc() || name[0] == '-' || digits < 6 || digits > 18) return std::nullopt;
  std::string_view tail(rest, static_cast<std::size_t>(end - rest));
  if (tail.ends_with(".gz")) tail.remove_suffix(3);
  for (const std::string_view mode : {"full", "incremental", "checkpoint"}) {
    if (tail != "-" + std::string(mode) + ".db") continue;
    read.mode = mode;
    return read;
  }
  return std::nullopt;
}

// A run that was killed, or a full disk, left them: nobody goes on with them.
void remove_unfinished(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".new") && read_name(std::string_view(name).substr(0, name.size() - 4)))
      files.push_back(entry.path());
  }
  for (const fs::path& file : files) fs::remove(file, error);
}

}  // namespace

std::string snapshot_name(std::int64_t run_id, const std::string& mode) {
  const std::string digits = std::to_string(run_id);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + "-" + mode + ".db";
}

std::vector<KeptFile> kept_files(const fs::path& folder) {
  std::vector<KeptFile> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string file_name = entry.path().filename().string();
    const auto name = read_name(file_name);
    if (!name) continue;
    files.push_back({entry.path(), name->run_id, std::string(name->mode),
                     entry.last_write_time(error),
                     static_cast<std::int64_t>(entry.file_size(error))});
  }
  std::sort(files.begin(), files.end(), [](const KeptFile& a, const KeptFile& b) {
    return std::pair(a.run_id, is_checkpoint(a)) < std::pair(b.run_id, is_checkpoint(b));
  });
  return files;
}

bool checkpoint_due(const std::vector<KeptFile>& files, const Retention& limits,
                    std::int64_t state_bytes) {
  if (files.empty() || limits.keep_days == 0 || state_bytes > limits.keep_bytes / 2) return false;
  std::size_t beginning = files.size();
  for (std::size_t at = 0; at < files.size(); ++at) {
    if (is_beginning(files, at)) beginning = at;
  }
  if (beginning == files.size()) return true;
  return is_older(files[beginning], limits, std::chrono::hours(12) * limits.keep_days) ||
         bytes_from(files, beginning + 1) > limits.keep_bytes / 2;
}

std::vector<KeptFile> prunable_snapshots(const fs::path& folder, const Retention& limits) {
  const auto files = kept_files(folder);
  if (files.empty()) return {};
  const auto newest = std::find_if(files.rbegin(), files.rend(),
                                   [](const KeptFile& file) { return !is_checkpoint(file); });
  std::vector<KeptFile> prunable;
  for (std::size_t at = 0; at < first_to_keep(files, limits); ++at) {
    if (newest == files.rend() || files[at].path != newest->path) prunable.push_back(files[at]);
  }
  return prunable;
}

std::vector<KeptFile> prune_snapshots(const fs::path& folder, const Retention& limits) {
  remove_unfinished(folder);
  auto files = prunable_snapshots(folder, limits);
  std::erase_if(files, [](const KeptFile& file) {
    std::error_code error;
    return !fs::remove(file.path, error);
  });
  return files;
}

Retention retention_of(const SyncSettings& settings) {
  Database state(WorkingDir{settings.working_dir}.state(), OpenMode::read_only);
  return {settings.keep_days, settings.keep_space_bytes, last_believed_time(state)};
}

void write_checkpoint(Database& state, const fs::path& folder, bool compress,
                      const std::optional<EpochMs>& written) {
  const std::int64_t run_id = state.number("snapshot/last_derived_run");
  const fs::path file = folder / snapshot_name(run_id, "checkpoint");
  const fs::path unfinished = file.string() + ".new";
  state.copy_to(unfinished);
  put_in_place(unfinished, file, compress, written);
  // Where that run left no snapshot this stands in its place.
  state.statement("snapshot/kept_as")
      .bind("run_id", run_id)
      .bind("snapshot", file.filename().string() + (compress ? ".gz" : ""))
      .run();
  spdlog::info("checkpoint: the state as of run {} is kept in {}", run_id, file.string());
}

void write_pruned(Database& state, const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  {
    Database layout("the layout of a snapshot", OpenMode::memory);
    layout.attach(file, "stage");
    layout.run_script("schema/stage/10_tables.sql");
  }
  state.attach(file, "kept");
  state.statement("snapshot/kept_journal").run();
  Transaction transaction(state, Transaction::Kind::deferred);
  state.run_script("schema/phase/70_keep.sql");
  transaction.commit();
  state.detach("kept");
}

void put_in_place(const fs::path& unfinished, const fs::path& file, bool compress,
                  const std::optional<EpochMs>& written) {
  std::error_code error;
  const fs::path place = compress ? fs::path(file.string() + ".gz") : file;
  const fs::path whole = compress ? fs::path(place.string() + ".new") : unfinished;
  if (compress) compress_file(unfinished, whole);
  if (written) fs::last_write_time(whole, file_time(*written), error);  // or this machine's
  fs::rename(whole, place, error);
  if (compress && !error) fs::remove(unfinished, error);
  if (error)
    throw Error(ErrorKind::internal, "cannot keep " + file.string() + ": " + error.message());
}

void prune_history(Database& state, int keep_runs, EpochMs now) {
  Transaction transaction(state);
  state.statement("snapshot/prune_runs").bind("keep", keep_runs).bind("now", iso8601(now)).run();
  if (state.changes() > 0) {
    state.statement("snapshot/prune_ledger").run();
    state.statement("snapshot/prune_rejected").run();
  }
  transaction.commit();
}

void keep_within_limits(Database& state, const SyncSettings& settings,
                        const std::optional<EpochMs>& now) {
  const WorkingDir folder{settings.working_dir};
  const Retention limits{settings.keep_days, settings.keep_space_bytes, now};
  std::error_code error;
  const auto state_bytes = static_cast<std::int64_t>(fs::file_size(folder.state(), error));
  const bool broken = !StateSettings(state).get(StateSetting::chain_broken).empty();
  if (broken || checkpoint_due(kept_files(folder.snapshots()), limits, state_bytes)) {
    write_checkpoint(state, folder.snapshots(), settings.compress_snapshots, now);
    StateSettings(state).unset(StateSetting::chain_broken);
  }
  prune_snapshots(folder.snapshots(), limits);
  if (now) prune_history(state, settings.keep_runs, *now);
}

}  // namespace defender_car
