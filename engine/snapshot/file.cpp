#include "snapshot/file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/gzip.h"
#include "base/printable.h"
#include "store/database.h"
#include "store/migrator.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

bool is_compressed(const fs::path& file) { return file.extension() == ".gz"; }

[[noreturn]] void damaged(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::bad_data, printable(file.string(), 300) + " is damaged: " + why +
                                       ". Nothing was changed; take another copy of it");
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::usage,
              printable(file.string(), 300) + " " + why + ". Nothing was changed");
}

// Tables and nothing but the tables that we make: no trigger, no view, no other column.
void check_stage(Database& file, const fs::path& path) {
  static const std::array layouts{
      stage_layout({"schema/stage/layout_1.sql"}), stage_layout({"schema/stage/layout_2.sql"}),
      stage_layout({"schema/stage/layout_3.sql"}), stage_layout({"schema/stage/10_tables.sql"})};
  const StageLayout& ours = layouts.back();
  const std::int64_t version = file.number("migrate/version");
  if (version > ours.version)
    refuse(path, "is of a newer program (layout " + std::to_string(version) + ", this one knows " +
                     std::to_string(ours.version) + "): use that one");
  const auto layout = std::find_if(layouts.begin(), layouts.end(), [&](const StageLayout& known) {
    return known.version == version;
  });
  if (layout == layouts.end())
    refuse(path, "is of an older program that left no digest: it can be read, not replayed");
  if (file.text("snapshot/schema") != layout->schema)
    damaged(path, "its tables are not those of a snapshot");
}

SnapshotInfo read_stage(Database& file, const fs::path& path) {
  check_stage(file, path);
  Statement& row = file.statement("snapshot/run");
  if (!row.step()) damaged(path, "the row of its run is missing or no such row");
  SnapshotInfo info{path,
                    row.text(1),
                    row.integer(0),
                    row.text(2),
                    row.text(3),
                    row.text(4),
                    row.text(5),
                    kIdentityModels.read(row.text(6)),
                    kNetworkSources.read(row.text(7)),
                    row.integer(8),
                    row.integer(9) != 0,
                    row.text(10),
                    row.text(11),
                    row.text(12),
                    row.text(13)};
  if (row.step()) damaged(path, "it holds more than one run");
  if (info.digest.empty()) refuse(path, "is of a run that ended before it was through");
  return info;
}

SnapshotInfo read_state(Database& file, const fs::path& path) {
  if (const std::int64_t version = file.number("migrate/version"); version > newest_version())
    refuse(path, "is of a newer program (version " + std::to_string(version) + ", this one knows " +
                     std::to_string(newest_version()) + "): use that one");
  SnapshotInfo info;
  info.path = path;
  info.kind = "checkpoint";
  Statement& row = file.statement("snapshot/state");
  row.step();
  info.run_id = row.integer(0);
  info.now = row.text(1);
  info.tenant = row.text(2);
  info.source = row.text(3);
  info.derivation = row.text(4);
  info.digest = row.text(5);
  row.reset();
  return info;
}

SnapshotInfo read_plain(const fs::path& plain, const fs::path& path) {
  Database file(plain, OpenMode::read_only);
  const std::int64_t id = file.number("snapshot/application_id");
  if (id != kStageFile && id != kStateFile) refuse(path, "is no snapshot of this program");
  if (const std::string fault = file.text("migrate/integrity"); fault != "ok") damaged(path, fault);
  return id == kStageFile ? read_stage(file, path) : read_state(file, path);
}

}  // namespace

StageLayout stage_layout(std::initializer_list<const char*> scripts) {
  Database scratch("the layout of a stage", OpenMode::memory);
  scratch.attach(":memory:", "stage");
  for (const char* script : scripts) scratch.run_script(script);
  return {scratch.number("snapshot/stage_version"), scratch.text("snapshot/stage_schema")};
}

void bring_up_stage(Database& state) {
  if (state.number("snapshot/stage_version") == 1) state.run_script("schema/stage/20_from_1.sql");
  if (state.number("snapshot/stage_version") == 2) state.run_script("schema/stage/30_from_2.sql");
  if (state.number("snapshot/stage_version") == 3) state.run_script("schema/stage/40_from_3.sql");
}

void take_out(const fs::path& file, const fs::path& to) {
  if (is_compressed(file)) return expand_file(file, to);
  std::error_code error;
  fs::remove(to, error);
  fs::copy_file(file, to, error);
  if (!error) fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, error);
  if (error)
    throw Error(ErrorKind::internal,
                "cannot copy " + file.string() + " to " + to.string() + ": " + error.message());
}

SnapshotInfo read_snapshot(const fs::path& file, const fs::path& scratch) {
  if (!fs::is_regular_file(file)) refuse(file, "is not there, or no file");
  // What was read here would not be what take_out() copies.
  std::error_code none;
  if (const auto log = fs::file_size(file.string() + "-wal", none); !none && log > 0)
    refuse(file, "has changes in a -wal file beside it: take another copy with VACUUM INTO");
  const fs::path expanded = scratch / ("expanded-" + file.stem().filename().string());
  try {
    if (is_compressed(file)) expand_file(file, expanded);
    SnapshotInfo info = read_plain(is_compressed(file) ? expanded : file, file);
    std::error_code error;
    fs::remove(expanded, error);
    return info;
  } catch (const Error& error) {
    std::error_code ignored;
    fs::remove(expanded, ignored);
    if (error.kind() != ErrorKind::internal) throw;
    damaged(file, error.what());  // SQLite's own words: not a database, malformed …
  }
}

}  // namespace defender_car
