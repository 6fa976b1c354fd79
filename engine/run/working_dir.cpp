#include "run/working_dir.h"

#include <string>
#include <system_error>

#include "base/error.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

void make_private_folder(const fs::path& folder) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error(ErrorKind::internal,
                "cannot make the folder " + folder.string() + ": " +
                    (error ? error.message() : "a file of that name is there") +
                    "; name another one with --working-dir");
  }
  if (made) fs::permissions(folder, fs::perms::owner_all, error);
}

std::string setting(Database& state, const std::string& name) {
  return state.statement("run/setting").bind("name", name).value().value_or("");
}

[[noreturn]] void refuse(const std::string& name, const std::string& ours,
                         const std::string& theirs) {
  throw Error(ErrorKind::usage, "the state file belongs to " + name + " " + ours + ", not to " +
                                    theirs +
                                    "; give each tenant and source a --working-dir of its own");
}

}  // namespace

void WorkingDir::make() const {
  make_private_folder(root);
  make_private_folder(snapshots());
}

void bind_state(Database& state, const std::string& tenant, const std::string& source) {
  const auto bind_one = [&](const std::string& name, const std::string& value) {
    const std::string before = setting(state, name);
    if (before.empty()) {
      state.statement("run/set").bind("name", name).bind("value", value).run();
    } else if (before != value) {
      refuse(name, before, value);
    }
  };
  bind_one("tenant", tenant);
  bind_one("source", source);
}

void check_source(Database& state, const std::string& source) {
  const std::string ours = setting(state, "source");
  if (ours != source) refuse("source", ours.empty() ? "(none yet)" : ours, source);
}

}  // namespace defender_car
