#include "run/working_dir.h"

#include <string>
#include <system_error>

#include "base/error.h"
#include "run/state_settings.h"

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

[[noreturn]] void refuse(StateSetting name, const std::string& ours, const std::string& theirs) {
  throw Error(ErrorKind::usage, "the state file belongs to " + kStateSettings.text(name) + " " +
                                    ours + ", not to " + theirs +
                                    "; give each tenant and source a --working-dir of its own");
}

}  // namespace

void WorkingDir::make() const {
  make_private_folder(root);
  make_private_folder(snapshots());
}

void bind_state(Database& state, const std::string& tenant, const std::string& source) {
  const StateSettings stored(state);
  const auto bind_one = [&](StateSetting name, const std::string& value) {
    const std::string before = stored.get(name);
    if (before.empty()) {
      stored.set(name, value);
    } else if (before != value) {
      refuse(name, before, value);
    }
  };
  bind_one(StateSetting::tenant, tenant);
  bind_one(StateSetting::source, source);
}

void check_source(Database& state, const std::string& source) {
  const std::string ours = StateSettings(state).get(StateSetting::source);
  if (ours != source) refuse(StateSetting::source, ours.empty() ? "(none yet)" : ours, source);
}

}  // namespace defender_car
