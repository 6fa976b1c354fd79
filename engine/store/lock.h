#pragma once
// One run at a time per state file: a kernel lock (flock) on a file beside it, held to the end of
// the process and gone with it, however that ends. The file's text says who holds it.

#include <filesystem>
#include <string>

namespace defender_car {

class StateLock {
 public:
  /// Throws Error(locked) naming the holder, at once; Error(internal) when the file cannot be made.
  explicit StateLock(const std::filesystem::path& file);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  /// What the holder before gave to leave(); "" when it was killed, and for the first one.
  const std::string& left() const { return left_; }
  /// For the next holder. Best effort: without it, that one takes this one for killed.
  void leave(const std::string& note);

 private:
  int descriptor_ = -1;
  std::string left_;
};

/// What the last holder gave to leave(); "" while somebody holds it, and where nobody left a word.
std::string lock_note(const std::filesystem::path& file);

/// "process 123, since 2026-…" when a run holds the lock, else "". Takes no lock, not for a moment:
/// a run that starts meanwhile is not turned away.
std::string lock_holder(const std::filesystem::path& file);

}  // namespace defender_car
