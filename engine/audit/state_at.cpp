#include "audit/state_at.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "snapshot/file.h"
#include "snapshot/retention.h"
#include "store/database.h"
#include "sync/replay.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

bool is_number(const std::string& word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

[[noreturn]] void refuse(const std::string& word, const std::string& why) {
  throw Error(ErrorKind::usage, word + " " + why +
                                    "; give a run's number, a snapshot or a state file (state.db "
                                    "or a copy of it)");
}

/// PRAGMA application_id, which stands at byte 68 of the header; 0 for what is no SQLite file.
std::int64_t application_of(const std::string& word) {
  std::ifstream file(word, std::ios::binary);
  std::array<char, 100> header{};
  if (!file) refuse(word, "cannot be read");
  file.read(header.data(), header.size());
  if (!file || std::string_view(header.data(), 15) != "SQLite format 3") return 0;
  std::int64_t application = 0;
  for (std::size_t at = 68; at < 72; ++at) {
    application = application * 256 + static_cast<unsigned char>(header[at]);
  }
  return application;
}

std::int64_t run_number(const std::string& word) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (fault != std::errc() || end != word.data() + word.size() || number <= 0)
    refuse(word, "is no run's number");
  return number;
}

/// The live state where it stands after that very run.
std::optional<StateAt> live_state(const WorkingDir& folder, std::int64_t run_id) {
  if (!fs::exists(folder.state())) return std::nullopt;
  Database state(folder.state(), OpenMode::read_only);
  if (state.number("snapshot/last_derived_run") != run_id) return std::nullopt;
  return StateAt{folder.state(), nullptr};
}

/// From the newest checkpoint that the run allows, else from the full import that opens the chain.
std::vector<fs::path> chain_up_to(const std::vector<KeptFile>& kept, std::int64_t run_id) {
  std::vector<fs::path> files;
  for (const KeptFile& file : kept) {
    if (file.run_id > run_id) break;
    if (file.mode == "checkpoint") files.clear();
    if (!files.empty() || file.mode != "incremental") files.push_back(file.path);
  }
  return files;
}

StateAt after_run(const fs::path& snapshots, std::int64_t run_id, Progress& progress) {
  const auto kept = kept_files(snapshots);
  const ReplayRequest request{chain_up_to(kept, run_id), run_id, false};
  const bool there = std::any_of(kept.begin(), kept.end(),
                                 [&](const KeptFile& file) { return file.run_id == run_id; });
  if (!there || request.files.empty()) {
    throw Error(ErrorKind::usage, "the state after run " + std::to_string(run_id) +
                                      " cannot be rebuilt from " + snapshots.string() +
                                      ": `defender-car snapshots` lists what is kept there");
  }
  auto place = std::make_unique<TemporaryFolder>();
  if (!replay_to_sink(place->path(), request, progress).equal) {
    spdlog::warn(
        "the state after run {} came out of its snapshots otherwise than it was then: the command "
        "replay shows the differences",
        run_id);
  }
  return {WorkingDir{place->path()}.state(), std::move(place)};
}

bool is_compressed(const fs::path& file) { return file.extension() == ".gz"; }

StateAt of_file(const std::string& word, Progress& progress) {
  const std::int64_t application = application_of(word);
  if (application == kStateFile) return {word, nullptr};
  if (application != kStageFile && !is_compressed(word)) refuse(word, "is no file of this program");
  auto scratch = std::make_unique<TemporaryFolder>();
  const SnapshotInfo info = read_snapshot(word, scratch->path());
  if (info.kind != "checkpoint")
    return after_run(fs::absolute(word).parent_path(), info.run_id, progress);
  const fs::path state = WorkingDir{scratch->path()}.state();
  take_out(word, state);
  return {state, std::move(scratch)};
}

}  // namespace

StateAt state_at(const WorkingDir& folder, const std::string& word, Progress& progress) {
  if (is_number(word)) {
    const std::int64_t run_id = run_number(word);
    if (auto live = live_state(folder, run_id)) return std::move(*live);
    return after_run(folder.snapshots(), run_id, progress);
  }
  std::error_code fault;
  if (!fs::exists(word, fault)) refuse(word, "is not there");
  if (!fs::is_regular_file(word, fault)) refuse(word, "is no file");
  return of_file(word, progress);
}

}  // namespace defender_car
