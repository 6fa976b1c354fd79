// The fuzz target that it is linked with, over files: every input that is kept, without libFuzzer.
//
//   fuzz_TARGET_replay FOLDER|FILE…

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "target.h"

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_of(const fs::path& place) {
  if (!fs::is_directory(place)) return {place};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

bool run(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return false;
  const std::string bytes(std::istreambuf_iterator<char>(stream), {});
  std::fprintf(stderr, "%s\n", file.c_str());  // the last line names the one that crashes
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  int inputs = 0;
  for (int i = 1; i < count; ++i) {
    if (!fs::exists(arguments[i])) continue;  // a target for which nothing was found has no folder
    for (const fs::path& file : files_of(arguments[i])) {
      if (!run(file)) return 1;
      ++inputs;
    }
  }
  std::printf("%d inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
