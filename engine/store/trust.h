#pragma once
// Whether a state file can be trusted: is it as the last run left it, and if not, is it whole?
//
// A run that ends notes the file's size and time in the lock file (StateLock::leave). As long as
// they fit, nobody wrote to it and nothing is checked: a quiet run must not read the whole file.
// Else a crash, a restored copy, a shell or a broken disk came between. A run that is killed leaves
// its number: it must be in the file, and the log that it wrote beside it.

#include <filesystem>
#include <memory>
#include <string>

#include "store/database.h"
#include "store/lock.h"

namespace defender_car {

enum class Trust {
  as_left,  ///< as the last run left it, or not there yet
  unknown,  ///< the last run was killed: SQLite recovers that by itself
  altered,  ///< somebody else wrote to it since, or while the last run was at work
  lost,     ///< a run that was killed had begun, and is not in it, or not with all that it wrote
};

/// What that means for the next run, in words for a person; "" where it means nothing.
std::string why_distrusted(Trust trust);

/// To be asked before the file is opened: opening may recover it.
Trust trust_in(const std::filesystem::path& file, const LockNote& left);

/// The same of a file that is open: a run that was killed must be in it.
Trust trust_in(Database& database, const LockNote& left, Trust before);

/// What to leave for the next run, after the file was closed; "" while others still have it open.
std::string trust_note(const std::filesystem::path& file);

/// What to leave where somebody else wrote to the file while the run was at work: fits no file.
inline constexpr const char* kAlteredMeanwhile = "altered";

/// Opens the file for writing; where `trust` is not as_left, reads the whole file first, leaves out
/// a log of another one, and looks for the run in `left`. Throws Error(internal) saying what is
/// damaged and what to do. `trust` may become worse.
std::unique_ptr<Database> open_checked(const std::filesystem::path& file, const LockNote& left,
                                       Trust& trust, const std::string& vfs);

/// Removes the log beside a file that is whole by itself and not with that log: a copy was put in
/// the place of the file that the log belongs to. True when it did.
bool leave_foreign_log_out(const std::filesystem::path& file);

/// Reads the whole file, and holds its tables against this program's. Throws as above.
void check_whole(Database& database, const std::filesystem::path& file);

}  // namespace defender_car
