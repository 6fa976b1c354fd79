#include "cli/output/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "cli/output/text.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

/// A file beside the other one, removed unless it took its place.
class Draft {
 public:
  Draft(const fs::path& file, ::mode_t mode) : file_(file), name_(file.string() + ".XXXXXX") {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
    if (descriptor_ < 0 || ::fchmod(descriptor_, mode) != 0) fail();
  }
  ~Draft() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!placed_) ::unlink(name_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void write(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t written = ::write(descriptor_, text.data() + at, text.size() - at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      at += static_cast<std::size_t>(written);
    }
    if (::fsync(descriptor_) != 0) fail();
  }

  void place() {
    if (::rename(name_.c_str(), file_.c_str()) != 0) fail();
    placed_ = true;
  }

 private:
  [[noreturn]] void fail() {
    const int number = errno;
    if (descriptor_ >= 0) {
      ::close(descriptor_);
      ::unlink(name_.c_str());
      descriptor_ = -1;
    }
    throw Error(ErrorKind::internal, printable(file_.string()) +
                                         " cannot be written: " + std::strerror(number) +
                                         "; name a file in a folder that this user may write to, "
                                         "on a disk with room");
  }

  fs::path file_;
  std::string name_;
  int descriptor_ = -1;
  bool placed_ = false;
};

}  // namespace

void replace_file(const fs::path& file, const std::string& text, ::mode_t mode) {
  Draft draft(file, mode);
  draft.write(text);
  draft.place();
}

}  // namespace defender_car
