#pragma once
// The working folder: state.db, state.lock, snapshots/, while a run fetches stage.db, and kept.db
// while that becomes a snapshot. Folders 0700, files 0600, whatever the umask.

#include <filesystem>

#include "store/database.h"

namespace defender_car {

struct WorkingDir {
  std::filesystem::path root;

  std::filesystem::path state() const { return root / "state.db"; }
  std::filesystem::path lock() const { return root / "state.lock"; }
  std::filesystem::path stage() const { return root / "stage.db"; }
  std::filesystem::path kept() const { return root / "kept.db"; }
  std::filesystem::path snapshots() const { return root / "snapshots"; }

  /// Makes what is not there. Throws Error(internal) saying which folder and why.
  void make() const;
};

/// Binds a state file to one tenant and one source, for ever. Throws Error(usage) when it belongs
/// to others.
void bind_state(Database& state, const std::string& tenant, const std::string& source);

/// For those who only read: throws likewise where the file belongs to another source, or to none
/// yet.
void check_source(Database& state, const std::string& source);

}  // namespace defender_car
