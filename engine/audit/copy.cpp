#include "audit/copy.h"

#include <system_error>

#include "audit/state.h"
#include "base/error.h"
#include "base/files.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

/// Gone at the end, unless it got its name.
class Unfinished {
 public:
  explicit Unfinished(const fs::path& file) : path_(file.string() + ".unfinished") {}
  ~Unfinished() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void require_written_state(const WorkingDir& folder) {
  Database state = open_state(folder);
  require_written(state);
}

/// The newest run in the copy.
std::int64_t checked(const fs::path& file) {
  Database copy(file, OpenMode::immutable);
  const std::string result = copy.text("migrate/integrity");
  if (result == "ok") return copy.number("copy/last_run");
  throw Error(ErrorKind::internal, "the copy is damaged: SQLite's integrity check says " + result +
                                       "; the state file may be, too: defender-car status tells");
}

}  // namespace

StateCopy copy_state(const WorkingDir& folder, const fs::path& file) {
  require_new(file);
  require_written_state(folder);
  const Unfinished unfinished(file);
  Database sql("copy", OpenMode::memory);
  sql.attach_read_only(folder.state(), "state");
  sql.copy_to(unfinished.path(), "copy/state");
  StateCopy copy;
  copy.run_id = checked(unfinished.path());
  copy.bytes = static_cast<std::int64_t>(fs::file_size(unfinished.path()));
  move_to_new_file(unfinished.path(), file);
  return copy;
}

}  // namespace defender_car
