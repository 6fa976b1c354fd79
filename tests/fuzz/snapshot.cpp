// A file that says it is ours: read as a state, as `status` and `runs` do with any copy, and as the
// stage of a run (a snapshot), of which the run and its datasets are asked.
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "audit/history.h"
#include "base/error.h"
#include "snapshot/file.h"
#include "store/migrator.h"
#include "target.h"

namespace fs = std::filesystem;
using namespace defender_car;

namespace {

struct Folder {
  Folder() {
    const char* place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    path = std::string(place) + "/defender-car-fuzz-XXXXXX";
    fuzz::promise(mkdtemp(path.data()) != nullptr, "a folder can be made");
  }
  ~Folder() { fs::remove_all(path); }
  std::string path;
};

void write(const fs::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Calls it; all it may throw is Error(internal), Error(bad_data) or Error(usage).
template <typename Call>
void may_refuse(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    const bool documented = error.kind() == ErrorKind::internal ||
                            error.kind() == ErrorKind::usage || error.kind() == ErrorKind::bad_data;
    fuzz::promise(documented, "a broken file is Error(internal), of a replay Error(bad_data)");
  }
}

/// Emptied by each input, so that each begins alike.
void clear(const Folder& folder) {
  for (const auto& entry : fs::directory_iterator(folder.path)) fs::remove(entry.path());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  static const Folder home;
  static Database state(fs::path(home.path) / "state.db", OpenMode::create);
  static const bool migrated = migrate(state);
  static_cast<void>(migrated);
  const std::string_view bytes = fuzz::input(data, size);
  clear(folder);
  write(fs::path(folder.path) / "state.db", bytes);
  may_refuse([&] { read_status(folder.path); });
  may_refuse([&] { read_runs(folder.path, 20); });

  const fs::path stage = fs::path(folder.path) / "stage.db";
  write(stage, bytes);
  may_refuse([&] { read_snapshot(stage, folder.path); });
  may_refuse([&] { state.attach(stage, "stage"); });
  may_refuse([&] { state.statement("fetch/days_ago").bind("days", 15).value(); });
  may_refuse([&] {
    Statement& datasets = state.statement("fetch/datasets");
    while (datasets.step()) datasets.text(0);
  });
  may_refuse([&] { state.detach("stage"); });
  return 0;
}
