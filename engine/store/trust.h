#pragma once
// Whether a state file can be trusted: is it as the last run left it, and if not, is it whole?
//
// A run that ends notes the file's size and time in the lock file (StateLock::leave). As long as
// they fit, nobody wrote to it and nothing is checked: a quiet run must not read the whole file.
// Else a crash, a restored copy, a shell or a broken disk came between.

#include <filesystem>
#include <string>

#include "store/database.h"

namespace defender_car {

enum class Trust {
  as_left,  ///< as the last run left it, or not there yet
  unknown,  ///< the last run was killed: SQLite recovers that by itself
  altered,  ///< somebody else wrote to it since
};

/// To be asked before the file is opened: opening may recover it.
Trust trust_in(const std::filesystem::path& file, const std::string& left);

/// What to leave for the next run, after the file was closed; "" while others still have it open.
std::string trust_note(const std::filesystem::path& file);

/// Reads the whole file. Throws Error(internal) saying what is damaged and what to do.
void check_whole(Database& database, const std::filesystem::path& file);

}  // namespace defender_car
