#include "cli/report/page_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "cli/output/text.h"
#include "cli/report/page.h"

namespace defender_car {
namespace fs = std::filesystem;
namespace {

std::string shown(const fs::path& file) { return printable(file.string()); }

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw Error(ErrorKind::usage, "the page cannot be written to " + shown(file) + ": " + why);
}

/// A slip of the pen must not replace the state file, a configuration or another page: only what is
/// marked as ours at its beginning goes.
bool is_page(const fs::path& file) {
  constexpr std::size_t head = 2048;
  std::ifstream stream(file, std::ios::binary);
  std::string start(head, '\0');
  stream.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string title = "<title>" + std::string(page_title) + "</title>";
  return (start.starts_with("<!doctype html>") && start.find(title) != std::string::npos) ||
         start.starts_with("{\n  \"version\": 1,\n  \"command\": \"report\",\n");
}

void check_target(const fs::path& file) {
  std::error_code fault;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!fs::is_directory(folder, fault)) {
    refuse(file, "there is no folder " + shown(folder) + "; make it first");
  }
  const fs::file_status there = fs::symlink_status(file, fault);
  if (there.type() == fs::file_type::not_found) return;
  if (there.type() != fs::file_type::regular) {
    refuse(file,
           "it is there and is no ordinary file; name another, or leave out --output to print the "
           "page");
  }
  if (!is_page(file)) {
    refuse(file,
           "it holds something else than a page of this program; name another file, or remove this "
           "one");
  }
}

/// A file beside the other one, removed unless it took its place.
class Draft {
 public:
  explicit Draft(const fs::path& file) : file_(file), name_(file.string() + ".XXXXXX") {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);  // 0600
    if (descriptor_ < 0) fail();
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
    throw Error(ErrorKind::internal, "the page cannot be written to " + shown(file_) + ": " +
                                         std::strerror(number) +
                                         "; name a file in a folder that this user may write to, "
                                         "on a disk with room");
  }

  fs::path file_;
  std::string name_;
  int descriptor_ = -1;
  bool placed_ = false;
};

}  // namespace

void write_page_file(const fs::path& file, const std::string& text) {
  check_target(file);
  Draft draft(file);
  draft.write(text);
  draft.place();
}

}  // namespace defender_car
