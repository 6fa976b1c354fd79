#pragma once
// One run at a time per state file: a kernel lock (flock) on a file beside it, held to the end of
// the process and gone with it, however that ends. The file's text says who holds it.

#include <cstdint>
#include <filesystem>
#include <string>

namespace defender_car {

/// What the last holder of a lock left in it: the file's last line ("left …", "run 124").
struct LockNote {
  std::string note;      ///< what it gave to leave(); "" when it was killed, and for the first one
  std::int64_t run = 0;  ///< of one that was killed: the run that it had begun; 0 for none
};

class StateLock {
 public:
  /// Throws Error(locked) naming the holder, at once; Error(internal) when the file cannot be made.
  explicit StateLock(const std::filesystem::path& file);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  /// It stands in the lock file beside this holder's name, too, until note_run(): a holder that is
  /// killed before it looked at the state file must not hide it.
  const LockNote& left() const { return left_; }
  /// For the next holder, should this one be killed: the run that has begun, 0 for none yet.
  void note_run(std::int64_t run);
  /// For the next holder. Best effort: without it, that one takes this one for killed.
  void leave(const std::string& note);
  /// For the next holder: what the holder before left.
  void leave_as_found();

 private:
  int descriptor_ = -1;
  std::string holder_;  ///< "process 123, since …"
  LockNote left_;
};

/// The same from outside; nothing while somebody holds it.
LockNote lock_note(const std::filesystem::path& file);

/// "process 123, since 2026-…" when a run holds the lock, else "". Takes no lock, not for a moment:
/// a run that starts meanwhile is not turned away.
std::string lock_holder(const std::filesystem::path& file);

}  // namespace defender_car
