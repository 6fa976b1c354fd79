#pragma once
// The border of the store: SQLite's errors become Error(internal) here, with both of its codes
// kept.

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <string>
#include <utility>

#include "base/error.h"

namespace defender_car {

inline std::string sqlite_advice(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another program keeps the file locked: end it, then run again";
    case SQLITE_FULL:
      return "; the disk is full: free some space, then run again";
    case SQLITE_IOERR:
      return "; the disk refused: check its free space, quotas and the limit on the size of a file "
             "(ulimit -f), then run again";
    case SQLITE_NOMEM:
      return "; memory ran out: free some or raise the limit (ulimit -v), then run again";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "; check that the working directory exists and is writable for this user";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; the file is damaged: restore a copy of the working directory, or move it away to "
             "begin with a full "
             "import";
    case SQLITE_ERROR:  // our own SQL is tested: it is the file that has another shape
      return "; if the state file was changed by hand or damaged, restore a copy of the working "
             "directory, or move it away to begin with a full import";
    default:
      return "";
  }
}

template <typename Action>
auto at_border(const std::string& what, Action&& action) -> decltype(action()) {
  try {
    return std::forward<Action>(action)();
  } catch (const SQLite::Exception& error) {
    throw Error(ErrorKind::internal, "state database: " + what + ": " + error.what() +
                                         " (SQLite code " + std::to_string(error.getErrorCode()) +
                                         ", extended " +
                                         std::to_string(error.getExtendedErrorCode()) + ")" +
                                         sqlite_advice(error.getErrorCode()));
  }
}

inline void check_code(int code, const std::string& what) {
  if (code != SQLITE_OK) {
    throw Error(ErrorKind::internal,
                "state database: " + what + ": " + sqlite3_errstr(code) + sqlite_advice(code));
  }
}

}  // namespace defender_car
