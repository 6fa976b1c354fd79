#pragma once
// Files and folders that this program makes beside its state: a new file, which is there whole or
// not at all, and a private folder for the time of a task. Never overwrites a file.

#include <filesystem>

namespace defender_car {

/// Throws Error(usage) when there is something of that name already, or no folder for it.
void require_new(const std::filesystem::path& file);

/// Copies a finished file to that new name, 0600, on the disk when this returns. Throws
/// Error(usage) when there is one by now, Error(internal) when it cannot be written.
void copy_to_new_file(const std::filesystem::path& from, const std::filesystem::path& file);

/// The same for a finished file in that very folder, which loses its old name.
void move_to_new_file(const std::filesystem::path& from, const std::filesystem::path& file);

/// A private folder (0700) under TMPDIR or /tmp, removed at the end with everything in it.
class TemporaryFolder {
 public:
  /// Throws Error(internal) when none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace defender_car
