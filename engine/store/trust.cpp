#include "store/trust.h"

#include <sys/stat.h>

#include "base/error.h"

namespace defender_car {
namespace fs = std::filesystem;

Trust trust_in(const fs::path& file, const std::string& left) {
  std::error_code error;
  if (!fs::exists(file, error) && !error) return Trust::as_left;
  if (left.empty()) return Trust::unknown;
  return left == trust_note(file) ? Trust::as_left : Trust::altered;
}

std::string trust_note(const fs::path& file) {
  // A log that is not folded in yet will change the file when its last reader goes.
  std::error_code error;
  const auto log_size = fs::file_size(file.string() + "-wal", error);
  if (!error && log_size > 0) return "";
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return "";
  return std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

void check_whole(Database& database, const fs::path& file) {
  std::string problem = database.text("migrate/integrity");
  const bool made = database.number("migrate/version") > 0;  // else a run was killed before that
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
