// The file of --config.
#include <sys/mman.h>
#include <unistd.h>

#include "options.h"
#include "target.h"

namespace {

/// Rewrites one file in memory and gives its name.
std::string file_of(std::string_view text) {
  static const int descriptor = memfd_create("fuzz.ini", MFD_CLOEXEC);
  const bool written =
      ftruncate(descriptor, 0) == 0 &&
      pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  fuzz::promise(written, "a file in memory can be written");
  return "/proc/self/fd/" + std::to_string(descriptor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file = file_of(fuzz::input(data, size));
  fuzz::check_options({"sync", "--config", file});
  fuzz::check_options({"status", "--config", file});
  return 0;
}
