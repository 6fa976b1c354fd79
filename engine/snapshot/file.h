#pragma once
// What a file in snapshots/ is: the stage of one run, or a checkpoint (a copy of the state). Both
// may be compressed (.gz).
//
// Nothing of such a file is believed before read_snapshot() has been through it: it may come from
// another machine, be cut off, damaged, or made by somebody else.

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>

#include "base/time.h"
#include "run/settings.h"
#include "store/database.h"

namespace defender_car {

struct SnapshotInfo {
  std::filesystem::path path;
  std::string kind;         ///< full, incremental, checkpoint
  std::int64_t run_id = 0;  ///< of a checkpoint: the run that it stands after
  std::string reason;       ///< why that mode
  std::string now;          ///< the run's clock, UTC, ISO 8601
  std::string tenant;
  std::string source;
  IdentityModel identity_model = IdentityModel::user;  ///< not of a checkpoint, as the next ones
  NetworkSource network_source = NetworkSource::hunting;
  EpochMs report_ms = 0;   ///< the run's key in CAR
  bool session = true;     ///< false: a full import without CAR's session
  std::string derivation;  ///< fingerprint of the rules that made it
  std::string builds_on;   ///< the digest before; "": nothing
  std::string digest;
  std::string program;
};

/// Reads the whole file. `scratch` is a folder for an expanded copy of a compressed one. Throws
/// Error(bad_data) when it is damaged or cut off, Error(usage) when it is no snapshot, or one of
/// another version, saying what to do.
SnapshotInfo read_snapshot(const std::filesystem::path& file, const std::filesystem::path& scratch);

/// PRAGMA application_id of our files: "dcsa" of a stage, "dcar" of a state.
inline constexpr std::int64_t kStageFile = 0x64637361;  // schema/stage/10_tables.sql
inline constexpr std::int64_t kStateFile = 0x64636172;  // migrations/0001_initial.sql

/// Version and schema of a file that these scripts make where `stage` stands: what a file from
/// outside is held against, word for word.
struct StageLayout {
  std::int64_t version;
  std::string schema;
};
StageLayout stage_layout(std::initializer_list<const char*> scripts);

/// Gives an attached `stage`, a copy of a snapshot of an older layout, today's tables.
void bring_up_stage(Database& state);

/// Copies it, expanded where it is compressed, to `to` (0600).
void take_out(const std::filesystem::path& file, const std::filesystem::path& to);

}  // namespace defender_car
