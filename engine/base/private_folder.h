#pragma once
// A folder of the process' own, 0700, under $TMPDIR (or /tmp); gone with all that is in it when it
// goes out of scope, also by an exception or a signal that the process ends upon by itself.

#include <filesystem>

namespace defender_car {

class PrivateFolder {
 public:
  /// Throws Error(usage) saying which folder cannot be made.
  PrivateFolder();
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace defender_car
