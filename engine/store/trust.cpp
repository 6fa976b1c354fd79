#include "store/trust.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "base/error.h"
#include "store/migrator.h"
#include "store/schema_check.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

fs::path log_of(const fs::path& file) { return file.string() + "-wal"; }

bool has_log(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(log_of(file), error);
  return !error && size > 0;
}

bool is_made(Database& database) { return database.number("migrate/version") > 0; }

bool is_whole(const fs::path& file, OpenMode mode) {
  try {
    Database database(file, mode);
    return database.text("migrate/integrity") == "ok" && is_made(database);
  } catch (const Error&) {
    return false;
  }
}

// For reading only: who opens it for writing takes its log in when it closes.
void check_whole(const fs::path& file, const std::string& vfs) {
  Database database(file, OpenMode::read_only, vfs);
  check_whole(database, file);
}

}  // namespace

std::string why_distrusted(Trust trust) {
  switch (trust) {
    case Trust::as_left:
    case Trust::unknown:
      return "";
    case Trust::altered:
      return "the state file was written to by another program since the last run";
    case Trust::lost:
      return "a run was killed, and what it wrote is not in the state file";
  }
  return "";
}

Trust trust_in(const fs::path& file, const LockNote& left) {
  std::error_code error;
  if (!fs::exists(file, error) && !error) return left.run == 0 ? Trust::as_left : Trust::lost;
  // Nothing but the killed run had the file open, so its log is still there.
  if (left.run != 0) return fs::exists(log_of(file), error) ? Trust::unknown : Trust::lost;
  if (left.note.empty()) return Trust::unknown;
  return left.note == trust_note(file) ? Trust::as_left : Trust::altered;
}

Trust trust_in(Database& database, const LockNote& left, Trust before) {
  if (left.run == 0) return before;
  const bool there = is_made(database) && database.number("migrate/last_run") >= left.run;
  return there ? before : Trust::lost;
}

bool leave_foreign_log_out(const fs::path& file) {
  if (!has_log(file) || is_whole(file, OpenMode::read_only) || !is_whole(file, OpenMode::immutable))
    return false;
  spdlog::warn("{} is the log of another file than the state file beside it: it is left out",
               log_of(file).string());
  std::error_code error;
  fs::remove(log_of(file), error);
  fs::remove(file.string() + "-shm", error);
  return true;
}

std::unique_ptr<Database> open_checked(const fs::path& file, const LockNote& left, Trust& trust,
                                       const std::string& vfs) {
  // Killed while the file was made: only who may write can undo what was begun.
  const bool half_made = fs::exists(file.string() + "-journal");
  if (trust != Trust::as_left && fs::exists(file) && !half_made) {
    try {
      check_whole(file, vfs);
    } catch (const Error&) {
      if (!leave_foreign_log_out(file)) throw;
      trust = Trust::altered;
      check_whole(file, vfs);
    }
  }
  auto database = std::make_unique<Database>(file, OpenMode::create, vfs);
  if (half_made) check_whole(*database, file);
  trust = trust_in(*database, left, trust);
  return database;
}

std::string trust_note(const fs::path& file) {
  // A log that is not in the file yet will change the file when its last reader goes.
  if (has_log(file)) return "";
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "";
  return std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

void check_whole(Database& database, const fs::path& file) {
  std::string problem = database.text("migrate/integrity");
  const bool made = is_made(database);  // else a run was killed before that
  if (problem == "ok" && database.number("migrate/version") == newest_version()) {
    if (const std::string table = altered_table(database); !table.empty())
      problem = "table " + table + " is missing, or not as this program makes it";
  }
  if (problem == "ok" && made &&
      (database.number("migrate/foreign_key_faults") != 0 ||
       database.number("migrate/claim_faults") != 0 ||
       (database.number("migrate/has_software") != 0 &&
        database.number("migrate/software_faults") != 0)))
    problem = "rows without their parents";
  if (problem == "ok") return;
  throw Error(ErrorKind::internal,
              "the state file " + file.string() + " is damaged: " + problem +
                  "; nothing was sent. Restore a copy of the working directory, or move it away to "
                  "begin with a full import");
}

}  // namespace defender_car
