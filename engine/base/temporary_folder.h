#pragma once
// A private folder (0700) under TMPDIR or /tmp, gone with everything in it at the end.

#include <filesystem>

namespace defender_car {

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
